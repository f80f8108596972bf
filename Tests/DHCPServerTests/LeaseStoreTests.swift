import Glibc
import SystemIO
import TestSupport
import Testing
import Wire

@testable import DHCPServer

@Suite("Leases on disk")
struct LeaseStoreTests {
    private static let now = UnixTime(rawValue: 1_700_000_000)

    private static let full = Lease(
        address: IPv4Address(10, 0, 0, 100), client: .hardware(HardwareAddress(.test(1))), state: .leased,
        expires: now + 3600, clientIdentifier: [255, 0, 1],
        uuid: SystemUUID(bytes: Array(1...16)), hostname: "node1", relayInformation: [1, 1, 0])

    private static let sparse = Lease(
        address: IPv4Address(10, 0, 0, 101), client: .identifier([32, 0, 7]), state: .declined, expires: now)

    private func open(_ folder: TemporaryFolder) throws -> [Lease] {
        let opened = try LeaseStore.open(folder: folder.path, at: Self.now)
        #expect(opened.unreadable == 0 && opened.movedAside == nil)
        return opened.leases.sorted { $0.address < $1.address }
    }

    @Test("Every field of a lease comes back after a restart")
    func restart() throws {
        let folder = try TemporaryFolder()
        do {
            var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
            #expect(opened.leases.isEmpty)
            try opened.store.commit([Self.full, Self.sparse])
        }
        #expect(try open(folder) == [Self.full, Self.sparse])
    }

    @Test("The last word about an address counts")
    func replacing() throws {
        let folder = try TemporaryFolder()
        var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
        try opened.store.commit([Self.full])
        var released = Self.full
        released.state = .released
        released.client = Self.sparse.client
        try opened.store.commit([released])
        #expect(try open(folder) == [released])
    }

    @Test("Another reader sees a lease once it is committed, as it would after a crash")
    func committed() throws {
        let folder = try TemporaryFolder()
        var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
        try opened.store.commit([Self.full])
        #expect(
            try open(folder) == [Self.full],
            "the first connection is still open and has flushed nothing since")
    }

    @Test("A damaged database is put aside, and an empty one takes its place")
    func damaged() throws {
        let folder = try TemporaryFolder()
        try folder.write(LeaseStore.fileName, [UInt8](repeating: 0x6e, count: 8192))
        do {
            var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
            #expect(opened.leases.isEmpty)
            #expect(opened.movedAside?.path == "\(folder.path)/leases.sqlite.damaged-1700000000")
            try opened.store.commit([Self.full])
        }
        #expect(folder.files.contains("leases.sqlite.damaged-1700000000"))
        #expect(try open(folder) == [Self.full])
    }

    @Test("A database with torn pages is put aside, too")
    func torn() throws {
        let folder = try TemporaryFolder()
        do {
            let database = try SQLiteDatabase(path: "\(folder.path)/\(LeaseStore.fileName)")
            try database.execute(
                "CREATE TABLE leases (x); INSERT INTO leases VALUES (1); PRAGMA user_version = 1")
        }
        let fd = unsafe Glibc.open("\(folder.path)/\(LeaseStore.fileName)", O_WRONLY)
        defer { close(fd) }
        let garbage = [UInt8](repeating: 0xff, count: 4096)
        #expect(unsafe pwrite(fd, garbage, garbage.count, 4096) == garbage.count)
        let opened = try LeaseStore.open(folder: folder.path, at: Self.now)
        #expect(opened.movedAside != nil && opened.leases.isEmpty)
    }

    @Test("Rows that make no sense are left out and counted")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        do {
            var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
            try opened.store.commit([Self.full])
            let database = try SQLiteDatabase(path: "\(folder.path)/\(LeaseStore.fileName)")
            try database.execute(
                "INSERT INTO leases VALUES ('10.0.0.5', 'nobody', 'leased', 1, '', '', '', '')")
            try database.execute("INSERT INTO leases VALUES ('x', 'id:01', 'leased', 1, '', '', '', '')")
        }
        let opened = try LeaseStore.open(folder: folder.path, at: Self.now)
        #expect(opened.leases == [Self.full] && opened.unreadable == 2)
    }

    @Test("A newer netbootd's database is neither used nor moved")
    func newerVersion() throws {
        let folder = try TemporaryFolder()
        do {
            let database = try SQLiteDatabase(path: "\(folder.path)/\(LeaseStore.fileName)")
            try database.execute("PRAGMA user_version = 2")
        }
        #expect(throws: SQLiteError.self) { _ = try LeaseStore.open(folder: folder.path, at: Self.now) }
        #expect(folder.files.contains(LeaseStore.fileName))
        #expect(folder.files.allSatisfy { !$0.contains("damaged") })
    }

    @Test(
        "A database that can only be read is an error at the start, not at the first lease",
        .enabled(if: geteuid() == 0, "needs root, to become somebody else"))
    func readOnly() throws {
        let folder = try TemporaryFolder()
        _ = try LeaseStore.open(folder: folder.path, at: UnixTime(rawValue: 1))
        unsafe chmod(folder.path, 0o755)
        let opened = try withFileSystemIdentity(userID: 65534, groupID: 65534) {
            Result { () throws(SQLiteError) in
                _ = try LeaseStore.open(folder: folder.path, at: UnixTime(rawValue: 2))
            }
        }
        #expect(throws: SQLiteError.self) { try opened.get() }
        #expect(folder.files.contains("leases.sqlite"))
    }

    @Test("A folder that is not there is an error with its path")
    func missingFolder() throws {
        do throws(SQLiteError) {
            _ = try LeaseStore.open(folder: "/nowhere/at/all", at: Self.now)
            Issue.record("it was opened")
        } catch {
            #expect(error.description.contains("/nowhere/at/all/leases.sqlite") && !error.isCorruption)
        }
    }

    @Test("A batch that cannot be written is not written in part")
    func allOrNothing() throws {
        let folder = try TemporaryFolder()
        var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
        try opened.store.commit([Self.full])
        let other = try SQLiteDatabase(path: "\(folder.path)/\(LeaseStore.fileName)")
        try other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON leases WHEN NEW.address = '10.0.0.101' "
                + "BEGIN SELECT RAISE(ABORT, 'no room'); END")
        var changed = Self.full
        changed.hostname = "other"
        #expect(throws: SQLiteError.self) { try opened.store.commit([changed, Self.sparse]) }
        #expect(try open(folder) == [Self.full])
        try other.execute("DROP TRIGGER full")
        try opened.store.commit([changed, Self.sparse])
        #expect(try open(folder) == [changed, Self.sparse])
    }

    @Test("What could not be written is written with the next lease, and the last word on an address counts")
    func owed() throws {
        let folder = try TemporaryFolder()
        let former = Lease(
            address: IPv4Address(10, 0, 0, 150), client: Self.full.client, state: .leased,
            expires: Self.now + 9000)
        var released = former
        released.state = .released
        var renewed = Self.full
        renewed.expires = Self.now + 7200
        do {
            var opened = try LeaseStore.open(folder: folder.path, at: Self.now)
            try opened.store.commit([former])
            let database = try SQLiteDatabase(path: "\(folder.path)/\(LeaseStore.fileName)")
            try database.execute(
                "CREATE TRIGGER full BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            #expect(throws: SQLiteError.self) { try opened.store.commit([released, Self.full]) }
            #expect(throws: SQLiteError.self) { try opened.store.commit([]) }
            try database.execute("DROP TRIGGER full")
            try opened.store.commit([renewed])
        }
        #expect(try open(folder) == [renewed, released])
    }
}
