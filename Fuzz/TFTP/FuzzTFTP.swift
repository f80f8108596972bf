import Wire

@testable import TFTPServer

/// Feeds the TFTP engine packets, each preceded by a byte: its low five bits are the packet's length times four, its high
/// three say from which of eight ports it comes and how much time passes before.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTFTP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let client = IPv4Address(10, 0, 0, 100)
    var listener = TFTPListener(
        settings: TFTPSettings(
            address: IPv4Address(10, 0, 0, 1), singlePort: size % 2 == 0, maximumTransfers: 4))
    var now = Duration.zero
    var latest: TFTPTransferID?
    var rest = input[...]
    while let head = rest.popFirst() {
        let bytes = Array(rest.prefix(Int(head & 31) * 4))
        rest = rest.dropFirst(bytes.count)
        let packet = Result { () throws(TFTPMalformation) in try TFTPPacket(parsing: bytes.span) }
        let peer = IPv4Endpoint(address: client, port: 1000 + UInt16(head >> 5))
        if case .open(_, let request) = listener.received(packet, from: peer, at: now) {
            latest =
                listener.begin(
                    request,
                    content: bytes.count % 3 == 0 ? .netascii : .octets(byteCount: UInt64(size) * 1_000_000),
                    for: peer, at: now
                ).step.transfer
        }
        // On a transfer's own port, too.
        if case .success(let packet) = packet, let id = latest {
            _ = listener.received(packet, for: id, at: now)
        }
        now += .milliseconds(200 * Int(head >> 5))
        _ = listener.timePassed(to: now)
        precondition(listener.count <= 4, "more transfers than allowed")
    }
    return 0
}
