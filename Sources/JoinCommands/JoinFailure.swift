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
}
