import Glibc
import Kexec
import SystemIO

/// Fetches one URL as `kexec-join` does, with its progress on standard output, and says at what rate and with how much
/// memory; `bench/transfer.sh` runs it.
@main
struct FetchRate {
    static func main() throws {
        guard CommandLine.arguments.count == 3 else { exit(2) }
        let artifact = Artifact(
            url: try HTTPURL(CommandLine.arguments[1]), label: "initrd", sha256: CommandLine.arguments[2])
        var reporter = ProgressReporter(style: .lines) { print($0, terminator: "") }
        let client = HTTPClient()
        let fetcher = try ArtifactFetcher(
            client: client, sleep: { _ in }, report: { reporter.take($0, at: .now) })
        let started = ContinuousClock.now
        let fetched = try fetcher.fetchInitrds([artifact])
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let status = HostFiles.live.text("/proc/self/status") ?? ""
        let kilobytes = { (name: String) in
            status.split(separator: "\n").first { $0.hasPrefix(name) }?.split { $0 == " " || $0 == "\t" }
                .dropFirst().first.flatMap { Int($0) } ?? 0
        }
        // What of the file in memory is mapped is not counted twice: it is the artifact.
        let peak = kilobytes("VmHWM:") - kilobytes("RssShmem:")
        print("RATE \(Int(Double(fetched.file.byteCount) / seconds)) PEAK \(peak)")
    }
}
