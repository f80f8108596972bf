import CSQLite

/// What SQLite says went wrong.
struct SQLiteError: Error, Equatable, Sendable {
    let operation: String
    /// SQLite's extended result code.
    let code: Int32
    let reason: String

    static func corruption(of path: String, reason: String) -> SQLiteError {
        SQLiteError(operation: "check \(path)", code: SQLITE_CORRUPT, reason: reason)
    }

    static func failure(_ operation: String, _ reason: String) -> SQLiteError {
        SQLiteError(operation: operation, code: SQLITE_ERROR, reason: reason)
    }

    /// The file is damaged, or is no database.
    var isCorruption: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xff) }
}

extension SQLiteError: CustomStringConvertible {
    var description: String { "\(operation): \(reason) (SQLite code \(code))" }
}

/// An open SQLite database, for one thread at a time.
@safe
struct SQLiteDatabase: ~Copyable {
    private let handle: OpaquePointer

    init(path: String) throws(SQLiteError) { unsafe handle = try Self.open(path) }

    private static func open(_ path: String) throws(SQLiteError) -> OpaquePointer {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let handle = unsafe opened else {
            let reason = unsafe String(cString: sqlite3_errstr(code))
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(operation: "open \(path)", code: code, reason: reason)
        }
        // Another process may read the leases for a moment.
        unsafe sqlite3_busy_timeout(handle, 2000)
        return unsafe handle
    }

    // Statements that are still there keep the connection until they go.
    deinit { unsafe sqlite3_close_v2(handle) }

    /// Runs statements that answer nothing.
    func execute(_ sql: String) throws(SQLiteError) {
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw error(sql) }
    }

    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var prepared: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        guard unsafe sqlite3_prepare_v3(handle, sql, -1, flags, &prepared, nil) == SQLITE_OK,
            let statement = unsafe prepared
        else { throw error(sql) }
        return unsafe SQLiteStatement(handle: statement, sql: sql)
    }

    /// The first column of the first row that `sql` answers.
    func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    private func error(_ operation: String) -> SQLiteError {
        unsafe SQLiteError(
            operation: operation, code: sqlite3_extended_errcode(handle),
            reason: String(cString: sqlite3_errmsg(handle)))
    }
}

/// A compiled statement. Parameters count from 1, columns from 0.
@safe
struct SQLiteStatement: ~Copyable {
    private let handle: OpaquePointer
    private let sql: String

    fileprivate init(handle: OpaquePointer, sql: String) {
        unsafe self.handle = handle
        self.sql = sql
    }

    deinit { unsafe sqlite3_finalize(handle) }

    func bind(_ value: Int64, at index: Int32) throws(SQLiteError) {
        try check(unsafe sqlite3_bind_int64(handle, index, value))
    }

    /// Nil is NULL.
    func bind(_ value: String?, at index: Int32) throws(SQLiteError) {
        guard let value else { return try check(unsafe sqlite3_bind_null(handle, index)) }
        try check(unsafe sqlite3_bind_text(handle, index, value, -1, netbootd_sqlite_transient()))
    }

    func bind(_ value: [UInt8], at index: Int32) throws(SQLiteError) {
        try check(
            unsafe sqlite3_bind_blob(handle, index, value, Int32(value.count), netbootd_sqlite_transient()))
    }

    /// Runs to the next row; false when there is none.
    func step() throws(SQLiteError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        guard code == SQLITE_ROW || code == SQLITE_DONE else { throw error() }
        return code == SQLITE_ROW
    }

    /// Makes it ready to run again.
    func reset() { unsafe sqlite3_reset(handle) }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    func text(_ column: Int32) -> String? {
        guard unsafe sqlite3_column_text(handle, column) != nil else { return nil }
        return String(decoding: bytes(column), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        guard code == SQLITE_OK else { throw error() }
    }

    private func error() -> SQLiteError {
        let database = unsafe sqlite3_db_handle(handle)
        return unsafe SQLiteError(
            operation: sql, code: sqlite3_extended_errcode(database),
            reason: String(cString: sqlite3_errmsg(database)))
    }
}
