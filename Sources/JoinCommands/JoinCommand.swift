public import ArgumentParser

/// `netbootd kexec-join`, which is also a program of its own.
public struct JoinCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(commandName: "kexec-join")

    public init() {}
}
