-- Triggers that mark which stretch of time of which site has to be made anew. Frozen: never edit, write a new
-- migration. One row a statement and site, however many rows the statement wrote; inserts alone, so that nobody
-- waits here for anybody. `compliance/site_days.py` takes the rows.

CREATE FUNCTION compliance_touch_periods() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Of energy and production entries. Both sides of an update: what was and what is.
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO compliance_touchedsite (factory_id, starts_at, ends_at)
        SELECT factory_id, min(period_start), max(period_end) FROM new_rows
        WHERE period_start IS NOT NULL GROUP BY factory_id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO compliance_touchedsite (factory_id, starts_at, ends_at)
        SELECT factory_id, min(period_start), max(period_end) FROM old_rows
        WHERE period_start IS NOT NULL GROUP BY factory_id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION compliance_touch_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- On the path of roll-ups. An hour without a verdict says nothing to a day: the running hour touches nothing
    -- until it is measured or idle. Of an hour that is over what was measured counts: it is recorded with no less.
    INSERT INTO compliance_touchedsite (factory_id, starts_at, ends_at)
    SELECT d.factory_id, min(h.period_start), max(h.period_start) + interval '1 hour'
    FROM changed_rows AS h JOIN devices_mcudevice AS d ON d.id = h.device_id
    WHERE h.status <> 'missing' OR h.period_start < now() - interval '1 hour' GROUP BY d.factory_id;
    RETURN NULL;
END $$;

CREATE FUNCTION compliance_touch_history(factory_ids integer[]) RETURNS void LANGUAGE sql AS $$
    -- All that is known of some sites; a day more on each side, since days may begin at another hour now.
    INSERT INTO compliance_touchedsite (factory_id, starts_at, ends_at)
    SELECT factory_id, min(starts_at) - interval '1 day', max(ends_at) + interval '1 day'
    FROM (
        SELECT factory_id, min(period_start) AS starts_at, max(period_end) AS ends_at FROM energy_energyentry
        WHERE factory_id = ANY (factory_ids) GROUP BY factory_id
        UNION ALL
        SELECT factory_id, min(period_start), max(period_end) FROM production_productionentry
        WHERE factory_id = ANY (factory_ids) GROUP BY factory_id
        UNION ALL
        SELECT d.factory_id, min(h.period_start), max(h.period_start) + interval '1 hour'
        FROM devices_mcudevice AS d JOIN emissions_emissionhour AS h ON h.device_id = d.id
        WHERE d.factory_id = ANY (factory_ids) GROUP BY d.factory_id
        UNION ALL
        SELECT factory_id, min(starts_at), max(ends_at) FROM compliance_siteday
        WHERE factory_id = ANY (factory_ids) GROUP BY factory_id
    ) AS known
    WHERE starts_at IS NOT NULL GROUP BY factory_id
$$;

CREATE FUNCTION compliance_touch_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Rare: where days begin, what a site is, which sources it has, which potentials count.
    IF TG_TABLE_NAME = 'factories_organisation' THEN
        PERFORM compliance_touch_history(ARRAY(
            SELECT f.id FROM factories_factory AS f
            WHERE f.organisation_id = NEW.id
              AND (OLD.substitution_method <> NEW.substitution_method
                   OR EXISTS (SELECT FROM factories_emissionsource AS s WHERE s.factory_id = f.id AND s.kind = 'mine_methane'))
        ));
    ELSIF TG_TABLE_NAME = 'factories_factory' THEN
        PERFORM compliance_touch_history(ARRAY[NEW.id]);
    ELSE
        IF TG_OP <> 'DELETE' THEN PERFORM compliance_touch_history(ARRAY[NEW.factory_id]); END IF;
        IF TG_OP <> 'INSERT' THEN PERFORM compliance_touch_history(ARRAY[OLD.factory_id]); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION compliance_touch_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- How many chimneys a day has. Entries reach at most 400 days ahead, so no day lies further. An assignment that
    -- waits for its first reading has no time yet.
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO compliance_touchedsite (factory_id, starts_at, ends_at)
        SELECT NEW.factory_id, NEW.valid_from, greatest(coalesce(NEW.valid_to, now() + interval '401 days'), NEW.valid_from + interval '1 hour')
        WHERE NEW.valid_from IS NOT NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO compliance_touchedsite (factory_id, starts_at, ends_at)
        SELECT OLD.factory_id, OLD.valid_from, greatest(coalesce(OLD.valid_to, now() + interval '401 days'), OLD.valid_from + interval '1 hour')
        WHERE OLD.valid_from IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER compliance_touch_insert AFTER INSERT ON energy_energyentry
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_periods();
CREATE TRIGGER compliance_touch_update AFTER UPDATE ON energy_energyentry
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_periods();
CREATE TRIGGER compliance_touch_delete AFTER DELETE ON energy_energyentry
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_periods();
CREATE TRIGGER compliance_touch_insert AFTER INSERT ON production_productionentry
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_periods();
CREATE TRIGGER compliance_touch_update AFTER UPDATE ON production_productionentry
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_periods();
CREATE TRIGGER compliance_touch_delete AFTER DELETE ON production_productionentry
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_periods();

CREATE TRIGGER compliance_touch_insert AFTER INSERT ON emissions_emissionhour
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_hours();
CREATE TRIGGER compliance_touch_update_before AFTER UPDATE ON emissions_emissionhour
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_hours();
CREATE TRIGGER compliance_touch_update_after AFTER UPDATE ON emissions_emissionhour
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_hours();
CREATE TRIGGER compliance_touch_delete AFTER DELETE ON emissions_emissionhour
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION compliance_touch_hours();

CREATE TRIGGER compliance_touch AFTER UPDATE OF time_zone, day_starts_at, sector, altitude_is_estimated ON factories_factory
    FOR EACH ROW
    WHEN ((OLD.time_zone, OLD.day_starts_at, OLD.sector, OLD.altitude_is_estimated)
          IS DISTINCT FROM (NEW.time_zone, NEW.day_starts_at, NEW.sector, NEW.altitude_is_estimated))
    EXECUTE FUNCTION compliance_touch_settings();
CREATE TRIGGER compliance_touch AFTER UPDATE OF gwp_set, substitution_method ON factories_organisation FOR EACH ROW
    WHEN ((OLD.gwp_set, OLD.substitution_method) IS DISTINCT FROM (NEW.gwp_set, NEW.substitution_method)) EXECUTE FUNCTION compliance_touch_settings();
CREATE TRIGGER compliance_touch AFTER INSERT OR UPDATE OR DELETE ON factories_emissionsource FOR EACH ROW
    EXECUTE FUNCTION compliance_touch_settings();
CREATE TRIGGER compliance_touch AFTER INSERT OR UPDATE OR DELETE ON devices_assignment FOR EACH ROW
    EXECUTE FUNCTION compliance_touch_assignments();

-- Entries that reach into a stretch of days, without those of years before: refresh reads by it.
CREATE INDEX energy_use_by_end ON energy_energyentry (factory_id, period_end)
    WHERE kind IN ('used', 'market') AND deleted_at IS NULL;
