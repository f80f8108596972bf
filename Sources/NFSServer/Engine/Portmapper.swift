import Wire

/// A program that can be reached at a port.
struct PortRegistration: Equatable, Sendable {
    var program: UInt32
    var version: UInt32
    var transport: RPCCaller.Transport
    var isIPv6: Bool
    var port: UInt16

    /// `tcp`, `udp6` (RFC 5665 §5.2.3).
    var networkID: String { (transport == .tcp ? "tcp" : "udp") + (isIPv6 ? "6" : "") }

    /// RFC 1833 §3: the protocol's number in IP.
    var protocolNumber: UInt32 { transport == .tcp ? 6 : 17 }
}

/// The portmapper (RFC 1833): version 2, which every IPv4 client asks, and 3 and 4, which IPv6 needs.
enum Portmapper {
    static let program: UInt32 = 100_000
    /// Where it is found.
    static let port: UInt16 = 111
    fileprivate static let maximumTextBytes = 256

    /// Everything that is served, by the ports where it is.
    ///
    /// - Parameter hasPortmapper: false when a rpcbind of the host answers on port 111.
    static func registrations(
        nfsPort: UInt16, portmapperPort: UInt16, hasPortmapper: Bool, hasIPv6: Bool
    ) -> [PortRegistration] {
        var all: [PortRegistration] = []
        for isIPv6 in hasIPv6 ? [false, true] : [false] {
            for transport in [RPCCaller.Transport.tcp, .udp] {
                func add(_ program: UInt32, _ versions: [UInt32], _ port: UInt16) {
                    all += versions.map {
                        PortRegistration(
                            program: program, version: $0, transport: transport, isIPv6: isIPv6, port: port)
                    }
                }
                if hasPortmapper { add(program, [2, 3, 4], portmapperPort) }
                add(NFSProtocol.program, transport == .tcp ? [3, 4] : [3], nfsPort)
                add(MountProtocol.program, [3], nfsPort)
            }
        }
        return all
    }
}

extension NFSEngine {
    mutating func portmapper(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(RPCRejection) {
        guard (2...4).contains(call.version) else { throw .programMismatch(low: 2, high: 4) }
        do throws(XDRError) {
            switch (call.version, call.procedure) {
            case (_, 0): return
            // SET and UNSET: nobody else registers here.
            case (_, 1), (_, 2): return reply.xdr.bool(false)
            case (2, 3): return try getPort(&reader, from: caller, into: &reply)
            case (2, 4): return dumpPorts(into: &reply)
            case (3, 3), (4, 3), (4, 9): return try getAddress(&reader, from: caller, into: &reply)
            case (3, 4), (4, 4): return dumpAddresses(from: caller, into: &reply)
            // CALLIT among them: it would call others in our name, and make much of little.
            default: break
            }
        } catch {
            throw .garbageArguments(error)
        }
        throw .procedureUnavailable
    }

    /// A port, or 0 for what is not there (RFC 1833 §3.2).
    private mutating func getPort(
        _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(XDRError) {
        let (program, version, number) = (try reader.uint32(), try reader.uint32(), try reader.uint32())
        _ = try reader.uint32()
        let found = find(program, version) { !$0.isIPv6 && $0.protocolNumber == number }
        reply.xdr.uint32(UInt32(found?.port ?? 0))
        lookedFor(program, version, found, by: caller)
    }

    private func dumpPorts(into reply: inout RPCReply) {
        for entry in registrations where !entry.isIPv6 {
            reply.xdr.bool(true)
            reply.xdr.uint32(entry.program)
            reply.xdr.uint32(entry.version)
            reply.xdr.uint32(entry.protocolNumber)
            reply.xdr.uint32(UInt32(entry.port))
        }
        reply.xdr.bool(false)
    }

    /// A universal address, or an empty text (RFC 1833 §2.2.1).
    private mutating func getAddress(
        _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(XDRError) {
        let (program, version) = (try reader.uint32(), try reader.uint32())
        let limit = Portmapper.maximumTextBytes
        let networkID = String(decoding: try reader.opaque(limit: limit), as: UTF8.self)
        try reader.skipOpaque(limit: limit)
        try reader.skipOpaque(limit: limit)
        let found = find(program, version) { $0.networkID == networkID }
        reply.xdr.string(found.map { universalAddress($0, for: caller) } ?? "")
        lookedFor(program, version, found, by: caller)
    }

    private func dumpAddresses(from caller: RPCCaller, into reply: inout RPCReply) {
        for entry in registrations {
            reply.xdr.bool(true)
            reply.xdr.uint32(entry.program)
            reply.xdr.uint32(entry.version)
            reply.xdr.string(entry.networkID)
            reply.xdr.string(universalAddress(entry, for: caller))
            reply.xdr.string("netbootd")
        }
        reply.xdr.bool(false)
    }

    /// The address that the caller used, if it is of the right kind, and the port's two bytes (RFC 5665 §5.2.3.3).
    private func universalAddress(_ entry: PortRegistration, for caller: RPCCaller) -> String {
        let address: String
        switch (caller.localAddress, entry.isIPv6) {
        case (.v4(let own), false): address = own.description
        case (.v6(let own, _), true): address = own.description
        case (.v4, true): address = "::"
        case (.v6, false): address = "0.0.0.0"
        }
        return "\(address).\(entry.port >> 8).\(entry.port & 255)"
    }

    /// What is asked for; a version that is not there gets the program's port all the same, so that the program
    /// itself can say which it has.
    private func find(
        _ program: UInt32, _ version: UInt32, _ fits: (PortRegistration) -> Bool
    ) -> PortRegistration? {
        let all = registrations.filter { $0.program == program && fits($0) }
        return all.first { $0.version == version } ?? all.first
    }

    private mutating func lookedFor(
        _ program: UInt32, _ version: UInt32, _ found: PortRegistration?, by caller: RPCCaller
    ) {
        if program == NFSProtocol.lockManager { hint(.lockManager, to: caller) }
        if let found, found.version != version, version < 3 {
            hint(.oldVersion(program: program, version: version), to: caller)
        }
    }
}
