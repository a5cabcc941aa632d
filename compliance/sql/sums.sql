-- Sums of site days of some sites, a row a site and bucket. A figure per product is summed over those days alone
-- on which both are logged, so that what is missing of one cannot change the ratio. Rides the primary key
-- (factory, day). Called by compliance/queries.py; /* bucket */ is replaced by day, by its month or by NULL.
-- OFFSET 0: a day is judged once, not once a sum. Parameters: factory_ids, first, last (inclusive), now,
-- heat_sectors (a day without heat is not logged), methane_sectors (nor one whose methane is not known).
SELECT factory_id, /* bucket */::date AS bucket,
       count(*) AS known_days,
       count(*) FILTER (WHERE has_production) AS production_days,
       count(*) FILTER (WHERE is_idle AND NOT has_production) AS idle_days,
       count(*) FILTER (WHERE has_heat) AS heat_days,
       count(*) FILTER (WHERE has_electricity) AS electricity_days,
       count(other_entered_at) AS other_days,
       count(*) FILTER (WHERE has_heat AND has_electricity) AS energy_days,
       count(*) FILTER (WHERE basis = 'measured') AS measured_days,
       count(*) FILTER (WHERE basis = 'fuel') AS fuel_days,
       sum(made_kg) AS made_kg, sum(green_leaf_kg) AS green_leaf_kg,
       sum(firewood_kg) AS firewood_kg, sum(electricity_kwh) AS electricity_kwh,
       sum(heat_gj) FILTER (WHERE heat_covered_s > 0) AS heat_gj,
       sum(electricity_gj) FILTER (WHERE electricity_covered_s > 0) AS electricity_gj,
       sum(other_gj) FILTER (WHERE other_gj > 0) AS other_gj,
       count(*) FILTER (WHERE NOT has_all_energy) AS energy_unknown_days,
       sum(record_scope1_co2e_kg) FILTER (WHERE potentials || published <> '') AS scope1_co2e_kg,
       sum(scope2_co2e_kg) FILTER (WHERE electricity_covered_s > 0 OR scope2_co2e_kg > 0) AS scope2_co2e_kg,
       sum(electricity_co2e_kg) AS grid_co2e_kg,
       -- A contract covers no day whose use is not logged: it would cover more of the others.
       coalesce(sum(market_gj) FILTER (WHERE electricity_covered_s > 0), 0) AS market_gj,
       coalesce(sum(market_co2e_kg) FILTER (WHERE electricity_covered_s > 0), 0) AS market_co2e_kg,
       sum(methane_co2e_kg) AS methane_co2e_kg,
       count(*) FILTER (WHERE has_methane AND made_kg IS NOT NULL AND methane_co2e_kg IS NULL) AS methane_unknown_days,
       sum(record_biogenic_co2_kg) FILTER (WHERE potentials || published <> '') AS biogenic_co2_kg,
       sum(heat_co2_kg) AS heat_co2_kg, sum(heat_co2_kg) FILTER (WHERE basis = 'measured') AS heat_measured_co2_kg,
       sum(heat_carbon_co2_kg) AS heat_carbon_co2_kg,
       -- Of all the days, or of none: a sum of those without a missing hour would look like the whole.
       CASE WHEN bool_and(stack_h = 0 OR stack_co2_kg IS NOT NULL) THEN sum(stack_co2_kg) END AS stack_co2_kg,
       count(*) FILTER (WHERE is_stack_lower_bound) AS lower_bound_days, sum(stack_filled_co2_kg) AS stack_filled_co2_kg,
       sum(stack_h) AS stack_h, sum(stack_measured_h) AS stack_measured_h, sum(stack_idle_h) AS stack_idle_h,
       -- As numeric: a sum of floats depends on its order.
       sum(stack_covered_s)::bigint AS stack_covered_s,
       coalesce(sum(stack_h) FILTER (WHERE ends_at <= %(now)s), 0)::bigint AS stack_over_h, sum(stack_substituted_h)::bigint AS stack_substituted_h,
       sum(heat_sigma_kg::numeric)::float8 AS heat_sigma_kg, sum(scope1_sigma_kg::numeric)::float8 AS scope1_sigma_kg,
       sum(scope2_sigma_kg::numeric)::float8 AS scope2_sigma_kg, sum(biogenic_sigma_kg::numeric)::float8 AS biogenic_sigma_kg,
       sum(stack_sigma_kg::numeric)::float8 AS stack_sigma_kg, sum(fuel_sigma_kg::numeric)::float8 AS fuel_sigma_kg,
       sum(filling_bias_kg::numeric)::float8 AS filling_bias_kg, sum(filling_variance_kg2::numeric)::float8 AS filling_variance_kg2,
       CASE WHEN max(potentials) = '' THEN '' WHEN max(potentials) = min(potentials) FILTER (WHERE potentials <> '')
            THEN max(potentials) ELSE 'mixed' END AS gwp_set,
       CASE WHEN max(published) = '' THEN '' WHEN max(published) = min(published) FILTER (WHERE published <> '')
            THEN max(published) ELSE 'mixed' END AS published_gwp_set,
       CASE WHEN max(basis_2) = '' THEN '' WHEN max(basis_2) = min(basis_2) FILTER (WHERE basis_2 <> '')
            THEN max(basis_2) ELSE 'mixed' END AS scope2_basis,
       sum(stack_filled_co2_kg) FILTER (WHERE is_balance) AS balance_stack_kg,
       sum(heat_carbon_co2_kg) FILTER (WHERE is_balance) AS balance_fuel_kg,
       -- Of the days on which all that emits is logged.
       sum(co2e_kg) FILTER (WHERE is_logged) AS logged_co2e_kg,
       sum(scope2_co2e_kg) FILTER (WHERE is_logged) AS logged_scope2_kg, count(*) FILTER (WHERE is_logged) AS logged_days,
       -- What is divided, each with its own days.
       sum(co2e_kg) FILTER (WHERE is_co2e) AS co2e_pair_kg,
       sum(scope2_co2e_kg) FILTER (WHERE is_co2e) AS scope2_pair_kg,
       sum(made_kg) FILTER (WHERE is_co2e) AS co2e_made_kg, count(*) FILTER (WHERE is_co2e) AS co2e_days,
       sum(energy_gj) FILTER (WHERE is_energy) AS energy_pair_gj,
       sum(made_kg) FILTER (WHERE is_energy) AS energy_made_kg,
       sum(stack_filled_co2_kg) FILTER (WHERE is_stack) AS stack_pair_kg,
       sum(made_kg) FILTER (WHERE is_stack) AS stack_made_kg, count(*) FILTER (WHERE is_stack) AS stack_days,
       sum(firewood_kg) FILTER (WHERE is_wood) AS wood_pair_kg, sum(made_kg) FILTER (WHERE is_wood) AS wood_made_kg,
       sum(electricity_kwh) FILTER (WHERE is_power) AS power_pair_kwh,
       sum(made_kg) FILTER (WHERE is_power) AS power_made_kg
FROM (
    SELECT d.*, has_methane, record_scope1_co2e_kg + scope2_co2e_kg + coalesce(methane_co2e_kg, 0) AS co2e_kg,
           heat_gj + electricity_gj + other_gj AS energy_gj, d.gwp_set COLLATE "C" AS potentials,
           d.published_gwp_set COLLATE "C" AS published, d.scope2_basis COLLATE "C" AS basis_2,
           has_power_and_heat AND (methane_co2e_kg IS NOT NULL OR NOT has_methane) AS is_logged,
           has_production AND has_power_and_heat AND (methane_co2e_kg IS NOT NULL OR NOT has_methane) AS is_co2e,
           has_production AND has_power_and_heat AND has_all_energy AS is_energy,
           has_production AND stack_filled_co2_kg IS NOT NULL AS is_stack,
           has_heat AND stack_filled_co2_kg IS NOT NULL AND heat_carbon_co2_kg IS NOT NULL AS is_balance,
           has_production AND has_heat AND firewood_kg IS NOT NULL AS is_wood,
           has_production AND has_electricity AND electricity_kwh IS NOT NULL AS is_power
    FROM compliance_siteday AS d
    JOIN (SELECT id, sector = ANY (%(heat_sectors)s) AS has_heat_fuel, sector = ANY (%(methane_sectors)s) AS has_methane
          FROM factories_factory AS site) AS f ON f.id = d.factory_id
    CROSS JOIN LATERAL (SELECT has_electricity AND (has_heat OR NOT has_heat_fuel) AS has_power_and_heat) AS l
    WHERE d.factory_id = ANY (%(factory_ids)s::integer[]) AND d.day BETWEEN %(first)s AND %(last)s
      AND d.starts_at <= %(now)s
    OFFSET 0
) AS judged
GROUP BY factory_id, bucket
ORDER BY factory_id, bucket
