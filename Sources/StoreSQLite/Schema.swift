import GRDB

/// The tables, as the migrations of this program build them.
enum Schema {
    /// "brth": tells our databases from anybody else's.
    static let applicationID = 0x6272_7468

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: version1)
        }
        migrator.registerMigration("2") { db in try db.execute(sql: version2) }
        migrator.registerMigration("3") { db in try db.execute(sql: version3) }
        migrator.registerMigration("4") { db in
            try db.execute(sql: version4)
            try Standings.fill(db)
        }
        migrator.registerMigration("5") { db in try db.execute(sql: version5) }
        migrator.registerMigration("6") { db in try db.execute(sql: version6) }
        migrator.registerMigration("7") { db in try db.execute(sql: version7) }
        migrator.registerMigration("8") { db in try db.execute(sql: version8) }
        migrator.registerMigration("9") { db in try db.execute(sql: version9) }
        // What it and version 5 have added, version 13 fills in.
        migrator.registerMigration("10") { db in try db.execute(sql: version10) }
        migrator.registerMigration("11") { db in
            try db.execute(sql: version11)
            try LedgerSubjects.fill(db)
        }
        migrator.registerMigration("12") { db in try db.execute(sql: version12) }
        migrator.registerMigration("13") { db in
            try db.execute(sql: version13)
            // Whether the tier was lowered since, and when evidence renewed the lease last.
            try Standings.refresh(db)
        }
        migrator.registerMigration("14") { db in try db.execute(sql: version14) }
        migrator.registerMigration("15") { db in try db.execute(sql: version15) }
        migrator.registerMigration("16") { db in try db.execute(sql: version16) }
        migrator.registerMigration("17") { db in
            try db.execute(sql: version17)
            try Compromises.nameKeysOfGrants(db)
        }
        migrator.registerMigration("18") { db in
            try db.execute(sql: "ALTER TABLE ledger_node RENAME TO ledger_node_by_level; \(version18)")
            try LedgerNodes.fill(db)
            try db.execute(sql: "DROP TABLE ledger_node_by_level")
        }
        return migrator
    }

    // What never changes and what changes stand apart: SQLite writes a changed row whole.
    private static let version1 = """
        CREATE TABLE birth (
            instance TEXT NOT NULL PRIMARY KEY,
            serial TEXT NOT NULL UNIQUE,
            endorsement_key BLOB NOT NULL UNIQUE,
            record BLOB NOT NULL,
            payload BLOB NOT NULL,
            envelope BLOB NOT NULL,
            imported_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE state (
            instance TEXT NOT NULL PRIMARY KEY REFERENCES birth (instance),
            version INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;

        CREATE TABLE release (
            manifest BLOB NOT NULL PRIMARY KEY,
            envelope BLOB NOT NULL,
            payload BLOB NOT NULL,
            added_at INTEGER NOT NULL,
            added_by TEXT NOT NULL,
            withdrawn_at INTEGER,
            withdrawn_by TEXT,
            withdrawn_because TEXT
        ) STRICT;

        CREATE TABLE policy (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            digest BLOB NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE event_log (
            digest BLOB NOT NULL PRIMARY KEY,
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE grant_given (
            jti TEXT NOT NULL PRIMARY KEY,
            instance TEXT NOT NULL REFERENCES birth (instance),
            compact TEXT NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE challenge_used (
            nonce BLOB NOT NULL PRIMARY KEY,
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX challenge_used_expires ON challenge_used (expires);

        CREATE TABLE ledger_entry (
            number INTEGER PRIMARY KEY,
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE ledger_node (
            level INTEGER NOT NULL,
            number INTEGER NOT NULL,
            hash BLOB NOT NULL,
            PRIMARY KEY (level, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE ledger_head (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            size INTEGER NOT NULL,
            checkpoint BLOB
        ) STRICT;
        INSERT INTO ledger_head (only, size) VALUES (1, 0);
        """

    // A board can be swapped: then two births have one serial number, and one of them has it now.
    private static let version2 = """
        CREATE TABLE serial_number (
            serial TEXT NOT NULL PRIMARY KEY,
            instance TEXT NOT NULL REFERENCES birth (instance)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO serial_number (serial, instance) SELECT serial, instance FROM birth;

        CREATE TABLE birth_2 (
            instance TEXT NOT NULL PRIMARY KEY,
            serial TEXT NOT NULL,
            endorsement_key BLOB NOT NULL UNIQUE,
            record BLOB NOT NULL,
            payload BLOB NOT NULL,
            envelope BLOB NOT NULL,
            imported_at INTEGER NOT NULL
        ) STRICT;
        INSERT INTO birth_2 SELECT instance, serial, endorsement_key, record, payload, envelope, imported_at FROM birth;
        DROP TABLE birth;
        ALTER TABLE birth_2 RENAME TO birth;

        CREATE TABLE birth_bundle (
            station TEXT NOT NULL,
            number INTEGER NOT NULL,
            digest BLOB NOT NULL,
            imported_at INTEGER NOT NULL,
            is_finished INTEGER NOT NULL,
            PRIMARY KEY (station, number)
        ) STRICT, WITHOUT ROWID;
        """

    private static let version3 = """
        CREATE TABLE restoration (
            instance TEXT NOT NULL REFERENCES birth (instance),
            number INTEGER NOT NULL,
            statement BLOB NOT NULL,
            envelope BLOB NOT NULL,
            imported_at INTEGER NOT NULL,
            PRIMARY KEY (instance, number)
        ) STRICT;
        """

    // What the status list is made of, in rows of 60 bytes: states are read one by one only. It says nothing that they do not say.
    private static let version4 = """
        CREATE TABLE standing (
            instance TEXT NOT NULL PRIMARY KEY REFERENCES birth (instance),
            place INTEGER NOT NULL UNIQUE,
            lifecycle TEXT NOT NULL,
            renewed_at INTEGER,
            expires INTEGER
        ) STRICT, WITHOUT ROWID;
        """

    // `due` is 0 when a withdrawal concerns the instance. Whom one concerns is looked for by reading the table: that is rare, and two
    // more indexes would be written with every decision. A grant that travels as a file may be asked for again, and its proof with it: hence
    // `entry`.
    private static let version5 = """
        ALTER TABLE standing ADD COLUMN due INTEGER;
        ALTER TABLE standing ADD COLUMN running BLOB;
        ALTER TABLE standing ADD COLUMN granted BLOB;
        CREATE INDEX standing_due ON standing (due) WHERE due IS NOT NULL;

        ALTER TABLE release ADD COLUMN is_recalled INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE grant_given ADD COLUMN manifest BLOB;
        ALTER TABLE grant_given ADD COLUMN stage TEXT;
        ALTER TABLE grant_given ADD COLUMN entry INTEGER;
        CREATE INDEX grant_given_instance ON grant_given (instance);
        CREATE INDEX grant_given_manifest ON grant_given (manifest, stage);
        CREATE TABLE update_step (
            jti TEXT NOT NULL,
            stage TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (jti, stage)
        ) STRICT, WITHOUT ROWID;
        """

    // Counts stand beside what acts change: they move with every update, and no act is lost to that. `since` is a place on the ledger: of
    // the grants that stand there or later, the counts say what became.
    private static let version6 = """
        CREATE TABLE rollout (
            manifest BLOB NOT NULL PRIMARY KEY REFERENCES release (manifest),
            revision INTEGER NOT NULL,
            body BLOB NOT NULL,
            since INTEGER NOT NULL,
            confirmed INTEGER NOT NULL,
            failed INTEGER NOT NULL
        ) STRICT;
        """

    // A TPM can be born again: then two births have one endorsement key, and the later one follows the other.
    private static let version7 = """
        CREATE TABLE birth_7 (
            instance TEXT NOT NULL PRIMARY KEY,
            serial TEXT NOT NULL,
            endorsement_key BLOB NOT NULL,
            record BLOB NOT NULL,
            payload BLOB NOT NULL,
            envelope BLOB NOT NULL,
            imported_at INTEGER NOT NULL
        ) STRICT;
        INSERT INTO birth_7
            SELECT instance, serial, endorsement_key, record, payload, envelope, imported_at FROM birth ORDER BY rowid;
        DROP TABLE birth;
        ALTER TABLE birth_7 RENAME TO birth;
        CREATE INDEX birth_endorsement_key ON birth (endorsement_key);
        """

    private static let version8 = """
        CREATE TABLE ratchet_key (
            instance TEXT NOT NULL,
            key BLOB NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (instance, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE approval (
            entry BLOB NOT NULL PRIMARY KEY,
            manifest BLOB NOT NULL REFERENCES release (manifest),
            until INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        CREATE INDEX approval_manifest ON approval (manifest, until);
        """

    // How an instance proves itself can be lowered for a time: then its birth does not say how it was for a grant.
    private static let version9 = "ALTER TABLE grant_given ADD COLUMN tier TEXT;"

    // The gateway on whose word a lease rests: when that one's ends, these are looked for.
    private static let version10 = """
        ALTER TABLE standing ADD COLUMN under TEXT;
        CREATE INDEX standing_under ON standing (under) WHERE under IS NOT NULL;
        """

    // Whoever audits a device or a release asks for its entries, and not for the whole ledger.
    private static let version11 = """
        CREATE TABLE ledger_subject (
            subject BLOB NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (subject, number)
        ) STRICT, WITHOUT ROWID;
        """

    // One row at most: the newest checkpoint that enough witnesses have signed.
    private static let version12 = """
        CREATE TABLE ledger_witnessed (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            checkpoint BLOB NOT NULL
        ) STRICT;
        """

    // What a fleet is counted by; nothing that births and states do not say.
    private static let version13 = """
        ALTER TABLE standing ADD COLUMN tier TEXT;
        ALTER TABLE standing ADD COLUMN lowered INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE standing ADD COLUMN attested_at INTEGER;
        UPDATE standing SET tier =
            (SELECT json_extract(CAST(payload AS TEXT), '$.tier') FROM birth WHERE birth.instance = standing.instance);
        """

    // Rows are few, and looked through by time.
    private static let version14 = """
        CREATE TABLE emergency (
            entry BLOB NOT NULL PRIMARY KEY,
            manifest BLOB NOT NULL REFERENCES release (manifest),
            until INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        CREATE INDEX emergency_until ON emergency (until);
        """

    // What decisions rested on, in the order of the ledger: new rows go to the end of the table and of its index by time.
    private static let version15 = """
        CREATE TABLE archive (
            number INTEGER NOT NULL PRIMARY KEY,
            entries INTEGER NOT NULL,
            entry BLOB NOT NULL UNIQUE,
            at INTEGER NOT NULL,
            body BLOB NOT NULL,
            list BLOB
        ) STRICT;
        CREATE INDEX archive_at ON archive (at);
        CREATE INDEX archive_list ON archive (list) WHERE list IS NOT NULL;

        CREATE TABLE measured_list (
            digest BLOB NOT NULL PRIMARY KEY,
            bytes BLOB NOT NULL
        ) STRICT;
        """

    // Of a person's certificate and of a body that is sent again there is one copy, by their SHA-256.
    private static let version16 = """
        CREATE TABLE act_document (
            digest BLOB NOT NULL PRIMARY KEY,
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE act (
            digest BLOB NOT NULL PRIMARY KEY,
            nonce BLOB NOT NULL UNIQUE,
            statement BLOB NOT NULL,
            certificate BLOB NOT NULL REFERENCES act_document (digest),
            body BLOB REFERENCES act_document (digest)
        ) STRICT;
        """

    // Of grants that were not seen to be spent, by which key: few, and looked for when that key is in other hands.
    private static let version17 = """
        ALTER TABLE grant_given ADD COLUMN kid TEXT;
        CREATE INDEX grant_given_outstanding ON grant_given (kid) WHERE stage = 'granted';

        CREATE TABLE trust_version (
            version INTEGER NOT NULL PRIMARY KEY,
            digest BLOB NOT NULL,
            envelope BLOB NOT NULL,
            published_at INTEGER NOT NULL,
            published_by TEXT NOT NULL
        ) STRICT;

        CREATE TABLE key_compromised (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            reported_at INTEGER NOT NULL,
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID;
        """

    // By level a commit wrote to as many places as the tree has levels; so it writes to one.
    private static let version18 = """
        CREATE TABLE ledger_node (
            number INTEGER NOT NULL PRIMARY KEY,
            hash BLOB NOT NULL
        ) STRICT;
        """
}
