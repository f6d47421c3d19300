-- The choice of a provider, as it is made with an advisory lock: whoever asks takes the lock of the
-- session, reads what was chosen or chooses by rank, and lets go of the lock with the commit.

CREATE TABLE providers (
  name text PRIMARY KEY,
  is_active boolean NOT NULL DEFAULT true,
  min_participants int NOT NULL DEFAULT 1,
  max_participants int,
  priority int NOT NULL,
  score int NOT NULL
);

INSERT INTO providers (name, max_participants, priority, score) VALUES
  ('p2p', 3, 1, 80),
  ('cloudflare', NULL, 2, 80),
  ('janus', NULL, 3, 80);

CREATE TABLE sessions (
  id text PRIMARY KEY,
  epoch bigint NOT NULL,
  provider text NOT NULL REFERENCES providers,
  chosen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
  session text NOT NULL REFERENCES sessions,
  name text NOT NULL,
  state text NOT NULL,
  heard_at timestamptz NOT NULL,
  PRIMARY KEY (session, name)
);

CREATE FUNCTION select_session_provider(p_session text, p_user text, p_people int)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  chosen text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_session, 0));
  SELECT provider INTO chosen FROM sessions WHERE id = p_session;
  IF NOT FOUND THEN
    SELECT name INTO chosen FROM providers
    WHERE is_active
    ORDER BY
      greatest(p_people - coalesce(max_participants, p_people), min_participants - p_people, 0),
      CASE WHEN score >= 60 THEN 0 WHEN score >= 40 THEN 1 ELSE 2 END,
      priority, score DESC, name
    LIMIT 1;
    INSERT INTO sessions (id, epoch, provider) VALUES (p_session, 1, chosen);
  END IF;
  INSERT INTO users VALUES (p_session, p_user, 'connecting', now())
  ON CONFLICT (session, name) DO UPDATE SET state = 'connecting', heard_at = now();
  RETURN chosen;
END $$;
