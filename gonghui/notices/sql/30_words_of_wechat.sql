-- What went out, or may have, is over: it never goes out again. Only WeChat's own word, once, ends the doubt of a call without answer.
CREATE OR REPLACE FUNCTION notices_delivery_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'unsure' AND OLD.word = '' AND (NEW.word, NEW.state) IN (('arrived', 'done'), ('refused', 'failed'))
       AND NEW.send_id = OLD.send_id AND NEW.person_id = OLD.person_id AND NEW.channel = OLD.channel THEN
        RETURN NEW;
    END IF;
    PERFORM kit_refuses('delivery_over', 'what went out to somebody never goes out to them again');
    RETURN NULL;
END $$;

-- What WeChat said of it stays; what it refused at the phone it took, and it does not go again.
CREATE FUNCTION notices_delivery_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.word <> NEW.word OR NEW.state = 'waiting' THEN
        PERFORM kit_refuses('delivery_word_stays', 'what WeChat said of a message stays, and the message does not go again');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notices_delivery_word BEFORE UPDATE ON notices_delivery FOR EACH ROW
    WHEN (OLD.word <> '') EXECUTE FUNCTION notices_delivery_word();
