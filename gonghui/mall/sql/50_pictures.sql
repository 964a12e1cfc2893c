-- What was reviewed is what is shown: a product's pictures change in a draft only. Bytes never change, and stay while they are shown or were bought by.

CREATE FUNCTION mall_product_picture_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE shown_on bigint; product_state text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        shown_on := OLD.product_id;
    ELSE
        shown_on := NEW.product_id;
        IF TG_OP = 'UPDATE' AND (NEW.product_id, NEW.picture_id) IS DISTINCT FROM (OLD.product_id, OLD.picture_id) THEN
            PERFORM kit_refuses('mall_product_picture_facts', 'only the order of pictures changes');
        END IF;
    END IF;
    -- Waits for whoever hands the product in at this moment.
    SELECT state INTO product_state FROM mall_product WHERE id = shown_on FOR SHARE;
    IF product_state <> 'draft' THEN
        PERFORM kit_refuses('mall_product_picture_facts', 'the pictures of a product that was handed in do not change');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER mall_product_picture_guard BEFORE INSERT OR UPDATE OR DELETE ON mall_productpicture
    FOR EACH ROW EXECUTE FUNCTION mall_product_picture_guard();

-- `updated_at` says when it was last put somewhere: the sweep leaves alone what is new.
CREATE FUNCTION mall_picture_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moving text[] := '{updated_at}';
BEGIN
    IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
        PERFORM kit_refuses('mall_picture_facts', 'a picture stays as it was drawn');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mall_picture_guard BEFORE UPDATE ON mall_picture FOR EACH ROW EXECUTE FUNCTION mall_picture_guard();

CREATE FUNCTION mall_picture_file_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM kit_refuses('mall_picture_facts', 'the bytes of a picture do not change');
    ELSIF EXISTS (SELECT FROM mall_productpicture WHERE picture_id = OLD.picture_id)
       OR EXISTS (SELECT FROM mall_orderline WHERE picture_id = OLD.picture_id) THEN
        PERFORM kit_refuses('mall_picture_facts', 'a picture that is shown or was bought by stays');
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER mall_picture_file_guard BEFORE UPDATE OR DELETE ON mall_picturefile
    FOR EACH ROW EXECUTE FUNCTION mall_picture_file_guard();
-- WebP does not shrink a second time.
ALTER TABLE mall_picturefile ALTER COLUMN content SET STORAGE EXTERNAL;

-- The order keeps the cover it was bought by, whatever the product shows later.
CREATE FUNCTION mall_line_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.picture_id := (SELECT picture_id FROM mall_productpicture WHERE product_id = NEW.product_id ORDER BY nth LIMIT 1);
    RETURN NEW;
END $$;
CREATE TRIGGER mall_line_picture BEFORE INSERT ON mall_orderline FOR EACH ROW EXECUTE FUNCTION mall_line_picture();
