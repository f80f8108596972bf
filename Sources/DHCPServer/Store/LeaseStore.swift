import Glibc
import SystemIO
import Wire

/// The leases on disk: one SQLite database.
///
/// `synchronous=FULL` makes every commit to the write-ahead log wait for the disk, so that a lease whose ACK is
/// sent survives a power failure; NORMAL would lose the last of them. All leases of one batch of packets share
/// the wait.
struct LeaseStore: ~Copyable {
    private let database: SQLiteDatabase
    private let upsert: SQLiteStatement
    /// What a commit did not write, for the next one: the engine has gone on and will not tell again. There is no
    /// more of it than there are addresses to give.
    private var owed: [IPv4Address: Lease] = [:]

    /// What was found when it was opened.
    struct Opened: ~Copyable {
        var store: LeaseStore
        var leases: [Lease]
        /// Rows that make no sense, and are left out.
        var unreadable: Int
        /// Where a damaged database was put, and what was wrong with it.
        var movedAside: (path: String, reason: String)?
    }

    static let fileName = "leases.sqlite"
    static let version: Int64 = 1

    private static let schema = """
        BEGIN;
        CREATE TABLE leases (
            address TEXT PRIMARY KEY NOT NULL,
            client TEXT NOT NULL,
            state TEXT NOT NULL,
            expires INTEGER NOT NULL,
            client_identifier BLOB,
            uuid TEXT,
            hostname TEXT,
            relay_information BLOB
        ) WITHOUT ROWID;
        PRAGMA user_version = \(version);
        COMMIT;
        """

    private static let columns =
        "address, client, state, expires, client_identifier, uuid, hostname, relay_information"

    /// Opens the database in `folder`, and makes it where there is none. A damaged one is put aside: the leases
    /// come back as their holders renew them.
    static func open(folder: String, at now: UnixTime) throws(SQLiteError) -> Opened {
        let path = "\(folder)/\(fileName)"
        do throws(SQLiteError) {
            return try open(path: path)
        } catch {
            guard error.isCorruption else { throw error }
            let aside = "\(path).damaged-\(now.rawValue)"
            try moveAside(path, to: aside)
            var opened = try open(path: path)
            opened.movedAside = (aside, error.description)
            return opened
        }
    }

    private static func open(path: String) throws(SQLiteError) -> Opened {
        let database = try checkedDatabase(path: path)
        let found = try Int64(database.text("PRAGMA user_version") ?? "") ?? 0
        if found == 0 { try database.execute(schema) }
        guard found <= version else {
            throw .failure(
                "read \(path)", "it has version \(found), and this netbootd knows \(version) at most")
        }
        // One that can only be read would let the server start, and no client get an address.
        try database.execute("BEGIN IMMEDIATE; COMMIT")
        let upsert = try database.prepare(
            "INSERT OR REPLACE INTO leases (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        let store = LeaseStore(database: database, upsert: upsert)
        let (leases, unreadable) = try store.readAll()
        return Opened(store: store, leases: leases, unreadable: unreadable, movedAside: nil)
    }

    private init(database: consuming SQLiteDatabase, upsert: consuming SQLiteStatement) {
        self.database = database
        self.upsert = upsert
    }

    private static func checkedDatabase(path: String) throws(SQLiteError) -> SQLiteDatabase {
        let database = try SQLiteDatabase(path: path)
        try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        let answer = try database.text("PRAGMA quick_check(1)")
        guard answer == "ok" else { throw .corruption(of: path, reason: answer ?? "no answer to a check") }
        return database
    }

    /// Renames the database and what SQLite keeps beside it.
    private static func moveAside(_ path: String, to aside: String) throws(SQLiteError) {
        for suffix in ["", "-wal", "-shm"] where unsafe access(path + suffix, F_OK) == 0 {
            guard unsafe rename(path + suffix, aside + suffix) == 0 else {
                let reason = SystemError.text(of: errno)
                throw .failure("move the damaged \(path)\(suffix) aside", reason)
            }
        }
    }

    // MARK: Reading and writing

    /// Writes down `leases` and what commits before could not write, all of them or none.
    mutating func commit(_ leases: [Lease]) throws(SQLiteError) {
        // The last word on an address counts.
        for lease in leases { owed[lease.address] = lease }
        guard !owed.isEmpty else { return }
        try database.execute("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            for lease in owed.values { try write(lease) }
            try database.execute("COMMIT")
            owed.removeAll(keepingCapacity: true)
        } catch {
            // What failed may have ended the transaction itself; then this fails, and that is all right.
            try? database.execute("ROLLBACK")
            throw error
        }
    }

    private func write(_ lease: Lease) throws(SQLiteError) {
        defer { upsert.reset() }
        try upsert.bind(lease.address.description, at: 1)
        try upsert.bind(lease.client.description, at: 2)
        try upsert.bind(lease.state.rawValue, at: 3)
        try upsert.bind(lease.expires.rawValue, at: 4)
        try upsert.bind(lease.clientIdentifier, at: 5)
        try upsert.bind(lease.uuid?.description, at: 6)
        try upsert.bind(lease.hostname, at: 7)
        try upsert.bind(lease.relayInformation, at: 8)
        _ = try upsert.step()
    }

    private func readAll() throws(SQLiteError) -> (leases: [Lease], unreadable: Int) {
        var leases: [Lease] = []
        var unreadable = 0
        let rows = try database.prepare("SELECT \(Self.columns) FROM leases")
        while try rows.step() {
            if let lease = Self.lease(rows) { leases.append(lease) } else { unreadable += 1 }
        }
        return (leases, unreadable)
    }

    private static func lease(_ row: borrowing SQLiteStatement) -> Lease? {
        guard let address = row.text(0).flatMap({ IPv4Address($0) }),
            let client = row.text(1).flatMap({ ClientIdentity($0) }),
            let state = row.text(2).flatMap(Lease.State.init)
        else { return nil }
        return Lease(
            address: address, client: client, state: state, expires: UnixTime(rawValue: row.integer(3)),
            clientIdentifier: row.bytes(4), uuid: row.text(5).flatMap { SystemUUID($0) },
            hostname: row.text(6), relayInformation: row.bytes(7))
    }
}
