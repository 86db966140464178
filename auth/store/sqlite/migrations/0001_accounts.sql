-- Times are seconds since 1970 in UTC; NULL: never. Settings are JSON, see
-- store.Settings; what they lack is unset.
CREATE TABLE groups (
    name     BLOB PRIMARY KEY NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    name          BLOB PRIMARY KEY NOT NULL,
    group_name    BLOB REFERENCES groups (name) ON DELETE RESTRICT,
    password_hash TEXT NOT NULL,
    disabled      INTEGER NOT NULL DEFAULT 0,
    settings      TEXT NOT NULL,
    created       INTEGER NOT NULL,
    last_login    INTEGER,
    -- A random number, by which an account lends its hash to names that do not exist.
    pick          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX accounts_group ON accounts (group_name);
CREATE INDEX accounts_pick ON accounts (pick, password_hash) WHERE password_hash <> '';
