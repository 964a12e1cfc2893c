-- Sealing: transfers in the order of `seq`, once every transaction that could still bring a smaller one has ended.

CREATE FUNCTION ledger_leaf(t ledger_transfer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('|', t.id, t.seq, t.kind, t.ledger, t.debit_id, t.credit_id, t.amount, coalesce(t.pending_id::text, ''),
                     t.released, coalesce((extract(epoch FROM t.expires_at) * 1000000)::bigint::text, ''), t.code, t.subject,
                     (extract(epoch FROM t.at) * 1000000)::bigint, t.nonce)
$$;
