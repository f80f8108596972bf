import Testing

@testable import TFTPServer

@Suite("Options")
struct NegotiationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var asked: String
        var granted: String
        var mode = "octet"
        var mtu = 1500
        var testDescription: String { "\(asked) over \(mtu) bytes, \(mode)" }
    }

    static let cases = [
        // A block fits the interface's MTU, and is never larger than asked for.
        Case(asked: "blksize 1468", granted: "blksize 1468"),
        Case(asked: "blksize 1469", granted: "blksize 1468"),
        Case(asked: "blksize 65464", granted: "blksize 1468"),
        Case(asked: "blksize 65464", granted: "blksize 8968", mtu: 9000),
        Case(asked: "blksize 65464", granted: "blksize 65464", mtu: 65536),
        Case(asked: "blksize 1468", granted: "blksize 1368", mtu: 1400),
        Case(asked: "blksize 8", granted: "blksize 8"),
        Case(asked: "blksize 512", granted: "blksize 512", mtu: 0),
        // What is senseless is left out, and no OACK is better than an empty one.
        Case(asked: "blksize 7", granted: ""),
        Case(asked: "blksize 65465", granted: ""),
        Case(asked: "blksize +1468", granted: ""),
        Case(asked: "blksize -1", granted: ""),
        Case(asked: "blksize 0x200", granted: ""),
        Case(asked: "blksize 99999999999999999999", granted: ""),
        Case(asked: "timeout 0", granted: ""),
        Case(asked: "timeout 1", granted: "timeout 1"),
        Case(asked: "timeout 255", granted: "timeout 255"),
        Case(asked: "timeout 256", granted: ""),
        Case(asked: "windowsize 0", granted: ""),
        Case(asked: "windowsize 1", granted: "windowsize 1"),
        Case(asked: "windowsize 64", granted: "windowsize 64"),
        Case(asked: "windowsize 65535", granted: "windowsize 64"),
        Case(asked: "windowsize 65536", granted: ""),
        Case(asked: "tsize 0", granted: "tsize 5000000000"),
        Case(asked: "tsize 123", granted: "tsize 5000000000"),
        Case(asked: "tsize x", granted: ""),
        // Unknown ones are left out: multicast (RFC 2090), and what nobody has heard of.
        Case(asked: "multicast 1", granted: ""),
        Case(asked: "rollover 0 blksize 600", granted: "blksize 600"),
        // In the order of the request, in lower case, each once.
        Case(
            asked: "windowsize 4 tsize 0 blksize 1024", granted: "windowsize 4 tsize 5000000000 blksize 1024"),
        Case(asked: "TSIZE 0 BlkSize 1024", granted: "tsize 5000000000 blksize 1024"),
        Case(asked: "blksize 600 blksize 700", granted: "blksize 600"),
        // The length of text on the wire is not known beforehand, and it goes block after block.
        Case(asked: "tsize 0 windowsize 4 blksize 1024", granted: "blksize 1024", mode: "netascii"),
        Case(asked: "tsize 0", granted: "", mode: "netascii"),
    ]

    @Test("Each is granted as far as it can be, and echoed only when it was asked for", arguments: cases)
    func granted(asked: Case) {
        let client = Dialogue(["f": 5_000_000_000], mtu: asked.mtu)
        let answer = asked.granted.isEmpty ? "DATA 1" : "OACK " + asked.granted
        client.asks("f", asked.asked, mode: asked.mode, at: 0, answer)
    }

    @Test("The largest window is the configuration's")
    func windowLimit() {
        let client = Dialogue(["f": 100_000]) { $0.maximumWindowSize = 8 }
        client.asks("f", "windowsize 64", at: 0, "OACK windowsize 8")
        client.acknowledges(0, at: 1, "DATA 1-8")
    }
}
