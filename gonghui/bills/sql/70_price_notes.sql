-- What a reviewer said about raised prices stays as it was said.
CREATE TRIGGER bills_price_note_stays BEFORE UPDATE OR DELETE ON bills_pricenote
    FOR EACH ROW EXECUTE FUNCTION kit_row_stays('{}');
