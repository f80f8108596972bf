import BootCore
import BootFiles
import Glibc
import HTTPServer
import Logging
import Synchronization
import SystemIO
import Wire

/// An `HTTPService` on a port of 127.0.0.1 with a folder of its own, and all that it logs.
final class TestServer: Sendable {
    let folder: String
    let service: HTTPService
    let directory = MachineDirectory()
    let journal = BootJournal()
    let log = CapturedLog()
    let settings: HTTPSettings

    init(
        files: [String: [UInt8]] = [:], policy: BootPolicy = BootPolicy(),
        configure: (inout HTTPSettings) -> Void = { _ in }
    ) throws {
        folder = try Self.makeFolder(files)
        var settings = HTTPSettings(
            location: ServerLocation(address: IPv4Address(127, 0, 0, 1), httpPort: 0), policy: policy)
        configure(&settings)
        self.settings = settings
        var logger = Logger(label: "test") { [log] _ in CapturingHandler(log: log) }
        logger.logLevel = .debug
        service = try HTTPService(
            settings: settings, tree: BootTree(folder: folder, packageFolders: []), directory: directory,
            journal: journal, logger: logger)
        try service.start()
    }

    deinit {
        service.stop()
        Self.remove(folder)
    }

    var port: UInt16 { service.port }

    func connect(from source: String = "127.0.0.1") throws -> RawConnection {
        try RawConnection(port: port, from: source)
    }

    /// Sends `request` on a connection of its own, with LF for line ends, and gives the whole answer.
    func ask(_ request: String) throws -> String {
        let connection = try connect()
        try connection.send(
            request.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
        return try connection.receiveAll()
    }

    static func makeFolder(_ files: [String: [UInt8]]) throws -> String {
        var template = Array("/tmp/netbootd-http-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw RawConnection.Failure(operation: "mkdtemp", code: errno)
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, bytes) in files {
            let parts = name.split(separator: "/").dropLast()
            for count in parts.indices {
                unsafe mkdir(folder + "/" + parts[...count].joined(separator: "/"), 0o755)
            }
            try write(bytes, to: folder + "/" + name)
        }
        return folder
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let fd = unsafe creat(path, 0o644)
        guard fd >= 0 else { throw RawConnection.Failure(operation: "creat \(path)", code: errno) }
        let file = OwnedDescriptor(fd)
        guard unsafe Glibc.write(file.rawValue, bytes, bytes.count) == bytes.count else {
            throw RawConnection.Failure(operation: "write \(path)", code: errno)
        }
    }

    static func remove(_ folder: String) { _ = shell("rm -rf \(folder)") }
}

/// What a shell command prints.
func shell(_ command: String) -> String {
    guard let stream = unsafe popen(command, "r") else { return "" }
    var output: [UInt8] = []
    while case let byte = unsafe getc(stream), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    unsafe pclose(stream)
    return String(decoding: output, as: UTF8.self)
}

/// What a logger was told, in order.
final class CapturedLog: Sendable {
    struct Entry: Equatable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }

    private let entries = Mutex<[Entry]>([])

    func append(_ entry: Entry) { entries.withLock { $0.append(entry) } }

    /// The lines with this message, waiting up to two seconds for the first.
    func lines(_ message: String, atLeast count: Int = 1) async throws -> [Entry] {
        for _ in 0..<200 {
            let found = entries.withLock { $0.filter { $0.message == message } }
            if found.count >= count { return found }
            try await Task.sleep(for: .milliseconds(10))
        }
        return entries.withLock { $0.filter { $0.message == message } }
    }
}

private struct CapturingHandler: LogHandler {
    let log: CapturedLog
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    init(log: CapturedLog) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        log.append(
            CapturedLog.Entry(
                level: event.level, message: "\(event.message)",
                metadata: (event.metadata ?? [:]).mapValues { "\($0)" }))
    }
}
