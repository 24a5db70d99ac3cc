-- Empties rows in quarantine that mention a value as a whole word, also where JSON writes it with escapes. $value.
UPDATE quarantine SET raw = '', detail = 'the text of this row was erased on request'
WHERE regexp_matches(raw || chr(10) || detail,
                     '(^|[^\p{L}\p{N}_])(?:' || regexp_escape($value::VARCHAR) || '|'
                     || regexp_escape(trim(to_json($value::VARCHAR)::VARCHAR, '"')) || ')($|[^\p{L}\p{N}_])')
