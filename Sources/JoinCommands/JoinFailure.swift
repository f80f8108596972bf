import Kexec
import SystemIO

/// Why a command ends, in words for the one who typed it.
struct CommandFailure: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }

    /// Lets what `body` throws pass as its own words.
    static func inWords<Value: ~Copyable, Failure: Error & CustomStringConvertible>(
        _ body: () throws(Failure) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(Failure) { return try body() } catch { throw CommandFailure(error.description) }
    }
}
