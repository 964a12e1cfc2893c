-- The member number: ten figures in order and two check digits (ISO 7064 MOD 97-10): a figure misread, or two exchanged, is
-- noticed. The column's default, so that rows copied in by the thousand get theirs as well.

CREATE SEQUENCE members_number_seq START 1000000000 MAXVALUE 9999999999 CACHE 1;

CREATE FUNCTION members_next_number() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint := nextval('members_number_seq') * 100;
BEGIN
    RETURN n + 98 - n % 97;
END $$;
