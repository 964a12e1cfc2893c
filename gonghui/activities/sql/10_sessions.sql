-- A session has no more places than its hall has seats, and its pool no more than the session, whoever writes last.

CREATE FUNCTION activities_session_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hall_seats integer; hall_store bigint; pool_capacity integer;
BEGIN
    IF NEW.hall_id IS NOT NULL THEN
        SELECT seats, store_id INTO hall_seats, hall_store FROM partners_hall WHERE id = NEW.hall_id FOR SHARE;
        IF NEW.seats > hall_seats THEN
            RAISE EXCEPTION 'the hall seats %, the session wants %', hall_seats, NEW.seats
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'activities_session_fits_hall';
        END IF;
        IF NEW.store_id IS DISTINCT FROM hall_store THEN
            RAISE EXCEPTION 'the hall belongs to another store'
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'activities_session_store_of_hall';
        END IF;
    END IF;
    IF NEW.pool_id IS NOT NULL THEN
        SELECT capacity INTO pool_capacity FROM benefits_pool WHERE id = NEW.pool_id;
        IF pool_capacity > NEW.seats THEN
            RAISE EXCEPTION 'the pool holds %, the session only %', pool_capacity, NEW.seats
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'activities_pool_fits_session';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER activities_session_fits BEFORE INSERT OR UPDATE OF hall_id, store_id, seats, pool_id ON activities_session
    FOR EACH ROW EXECUTE FUNCTION activities_session_fits();

CREATE FUNCTION activities_hall_keeps_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seats < OLD.seats AND EXISTS (
        SELECT FROM activities_session
         WHERE hall_id = NEW.id AND seats > NEW.seats AND state NOT IN ('done', 'cancelled'))
    THEN
        RAISE EXCEPTION 'sessions to come need more seats' USING ERRCODE = 'check_violation',
              CONSTRAINT = 'activities_session_fits_hall';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER activities_hall_keeps_seats BEFORE UPDATE OF seats ON partners_hall
    FOR EACH ROW EXECUTE FUNCTION activities_hall_keeps_seats();

-- Fires only when somebody edits a capacity; claims never name that column.
CREATE FUNCTION activities_pool_fits_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM activities_session WHERE pool_id = NEW.id AND seats < NEW.capacity) THEN
        RAISE EXCEPTION 'the session has fewer places' USING ERRCODE = 'check_violation',
              CONSTRAINT = 'activities_pool_fits_session';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER activities_pool_fits_session BEFORE UPDATE OF capacity ON benefits_pool
    FOR EACH ROW EXECUTE FUNCTION activities_pool_fits_session();
