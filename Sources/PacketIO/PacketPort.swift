import CPcap

/// What libpcap says went wrong.
public struct PacketPortError: Error, Equatable, Sendable, CustomStringConvertible {
    public let operation: String
    public let reason: String

    public var description: String { "\(operation): \(reason)" }
}

/// Sends whole Ethernet frames on one interface, by libpcap.
///
/// Opening it takes `CAP_NET_RAW`; using it afterwards takes nothing. It hears nothing, so the kernel copies no
/// packets for it.
@safe
public struct PacketPort: ~Copyable {
    private let handle: OpaquePointer

    public init(interface: String) throws(PacketPortError) {
        unsafe handle = try Self.open(interface)
    }

    deinit { unsafe pcap_close(handle) }

    /// Puts a frame on the wire as it is: destination, source, type, payload.
    public func send(_ frame: [UInt8]) throws(PacketPortError) {
        let sent = unsafe pcap_inject(handle, frame, frame.count)
        guard sent == frame.count else {
            throw PacketPortError(
                operation: "send a frame of \(frame.count) bytes", reason: unsafe Self.lastError(of: handle))
        }
    }

    private static func open(_ interface: String) throws(PacketPortError) -> OpaquePointer {
        let operation = "open \(interface) for frames"
        var text = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_create(interface, &text) else {
            let reason = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw PacketPortError(operation: operation, reason: String(decoding: reason, as: UTF8.self))
        }
        do throws(PacketPortError) {
            unsafe pcap_set_snaplen(handle, 64)
            unsafe pcap_set_promisc(handle, 0)
            unsafe pcap_set_immediate_mode(handle, 1)
            unsafe pcap_set_buffer_size(handle, 65_536)
            // Positive values are warnings.
            guard unsafe pcap_activate(handle) >= 0 else {
                throw PacketPortError(operation: operation, reason: unsafe lastError(of: handle))
            }
            guard unsafe pcap_datalink(handle) == DLT_EN10MB else {
                throw PacketPortError(operation: operation, reason: "it is no Ethernet")
            }
            guard unsafe rejectAll(handle) else {
                throw PacketPortError(operation: "filter packets", reason: unsafe lastError(of: handle))
            }
        } catch {
            unsafe pcap_close(handle)
            throw error
        }
        return unsafe handle
    }

    /// A filter of one instruction: take no byte of any packet.
    private static func rejectAll(_ handle: OpaquePointer) -> Bool {
        var instruction = bpf_insn(code: UInt16(BPF_RET), jt: 0, jf: 0, k: 0)
        return unsafe withUnsafeMutablePointer(to: &instruction) { pointer in
            var program = unsafe bpf_program(bf_len: 1, bf_insns: pointer)
            return unsafe pcap_setfilter(handle, &program) == 0
        }
    }

    private static func lastError(of handle: OpaquePointer) -> String {
        unsafe String(cString: pcap_geterr(handle))
    }
}
