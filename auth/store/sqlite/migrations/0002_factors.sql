-- Client certificates are JSON, a list of auth.CertificateRule.
ALTER TABLE accounts ADD COLUMN certificates TEXT NOT NULL DEFAULT '[]';
ALTER TABLE accounts ADD COLUMN second_factor BLOB;
-- The last step of a one-time password that was used.
ALTER TABLE accounts ADD COLUMN used_step INTEGER NOT NULL DEFAULT 0;

CREATE TABLE recovery_codes (
    account BLOB NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    sum     BLOB NOT NULL,
    PRIMARY KEY (account, sum)
) STRICT, WITHOUT ROWID;
