import GRDBSQLite

/// SQLite without anything around it.
@safe final class Database {
    private let handle: OpaquePointer

    init(_ path: String, readOnly: Bool = false) throws {
        var opened: OpaquePointer?
        let flags = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        guard unsafe sqlite3_open_v2(path, &opened, flags, nil) == SQLITE_OK, let handle = unsafe opened else {
            throw WrongResult(name: "opening \(path)", wrong: 1, of: 1)
        }
        unsafe self.handle = handle
    }

    deinit { unsafe sqlite3_close_v2(handle) }

    func execute(_ sql: String) throws {
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
    }

    func prepare(_ sql: String) throws -> Statement {
        var prepared: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let handle = unsafe prepared
        else { throw failure(sql) }
        return unsafe Statement(handle, of: self)
    }

    fileprivate func failure(_ sql: String) -> WrongResult {
        WrongResult(name: "SQLite, \(unsafe String(cString: sqlite3_errmsg(handle))): \(sql)", wrong: 1, of: 1)
    }

    /// One number.
    func number(_ sql: String) throws -> Int { Int(try prepare(sql).rows { $0.integer(0) }.first ?? 0) }
}

/// A prepared statement.
@safe final class Statement {
    enum Value {
        case integer(Int64)
        case text(String)
        case blob([UInt8])
    }

    private let handle: OpaquePointer
    private let database: Database

    @unsafe fileprivate init(_ handle: OpaquePointer, of database: Database) {
        unsafe self.handle = handle
        self.database = database
    }

    deinit { unsafe sqlite3_finalize(handle) }

    func run(_ values: [Value] = []) throws {
        for (index, value) in values.enumerated() { bind(value, at: Int32(index + 1)) }
        let result = unsafe sqlite3_step(handle)
        _ = unsafe sqlite3_reset(handle)
        guard result == SQLITE_DONE else { throw database.failure("step") }
    }

    private func bind(_ value: Value, at place: Int32) {
        // SQLITE_TRANSIENT: the bytes are copied.
        let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .integer(let number): _ = unsafe sqlite3_bind_int64(handle, place, number)
        case .text(let text): _ = unsafe sqlite3_bind_text(handle, place, text, Int32(text.utf8.count), copied)
        case .blob(let bytes): _ = unsafe sqlite3_bind_blob(handle, place, bytes, Int32(bytes.count), copied)
        }
    }

    func rows<Row>(_ values: [Value] = [], _ read: (Statement) -> Row) throws -> [Row] {
        for (index, value) in values.enumerated() { bind(value, at: Int32(index + 1)) }
        var rows: [Row] = []
        var result = unsafe sqlite3_step(handle)
        while result == SQLITE_ROW {
            rows.append(read(self))
            result = unsafe sqlite3_step(handle)
        }
        _ = unsafe sqlite3_reset(handle)
        guard result == SQLITE_DONE else { throw database.failure("step") }
        return rows
    }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }
    func blob(_ column: Int32) -> [UInt8] {
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
    func text(_ column: Int32) -> String {
        unsafe sqlite3_column_text(handle, column).map { unsafe String(cString: $0) } ?? ""
    }
}
