-- Copies the rows of an imported sheet in; the columns are in the order of bulk.py. Triggers write the history.
-- Called by bulk.py.
COPY energy_energyentry (
    factory_id, source_id, energy_type_id, kind, amount, unit, timestamp, period_start, period_end, currency,
    moisture_fraction, moisture_is_default, factor_set, note, origin, scope, factor_amount, energy_gj, co2_kg,
    biogenic_co2_kg, ch4_kg, n2o_kg, co2e_kg, factor_id, ch4_factor_id, n2o_factor_id, gwp_set, method_version,
    warnings, request_sha256, recorded_by_id, created_at, last_act, changed_by_id, changed_at, change_reason
) FROM STDIN
