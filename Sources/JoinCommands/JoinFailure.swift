import ArgumentParser
import SystemIO

/// Why a command ends, in words for the one who typed it.
struct CommandFailure: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }

    /// Lets what `body` throws pass as its own words.
    static func inWords<Value: ~Copyable>(_ body: () throws -> Value) throws(CommandFailure) -> Value {
        do {
            return try body()
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Ends a command as commands end: what is wrong on standard error, and an exit status.
    static func shown(as program: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as CommandFailure {
            StandardError.write("\(program): \(failure.reason)\n")
            throw ExitCode.failure
        }
    }
}
