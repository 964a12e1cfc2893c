-- Totals are written by this function alone: whoever adds transfers may not write them, so it works as the tables' owner.
ALTER FUNCTION ledger_transfer_moves() SECURITY DEFINER SET search_path = public, pg_temp;
