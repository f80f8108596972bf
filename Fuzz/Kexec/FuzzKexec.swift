import BootCore
import SystemIO
import Wire

@testable import Kexec

/// What reads bytes that come from outside, by the letter that an input begins with.
private enum Reader: UInt8 {
    case archive = 0x61  // a
    case blockDevice = 0x62  // b
    case checksums = 0x63  // c
    case dns = 0x64  // d
    case http = 0x68  // h
    case keys = 0x6b  // k
    case leases = 0x6c  // l
    case manifest = 0x6d  // m
    case netlink = 0x6e  // n
    case image = 0x78  // x
}

/// Gives the input to the reader that its first byte names, and looks whether what comes of it holds together.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKexec(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let reader = input.first.flatMap(Reader.init(rawValue:)) else { return -1 }
    let bytes = Array(input.dropFirst())
    switch reader {
    case .archive: readArchive(bytes)
    case .blockDevice: readBlockDevice(bytes)
    case .checksums: readChecksums(bytes)
    case .dns: readDNS(bytes)
    case .http: readHTTP(bytes)
    case .keys: readKeys(bytes)
    case .leases: readLeases(bytes)
    case .manifest: readManifest(bytes)
    case .netlink: readNetlink(bytes)
    case .image: readImage(bytes)
    }
    return 0
}

private func memory(_ bytes: [UInt8]) -> MemoryFile? {
    do {
        var file = try MemoryFile(name: "fuzz")
        try file.append(bytes)
        return file
    } catch { preconditionFailure("\(error)") }
}

/// Headers of tar get the checksum that they need: no mutation finds it.
private func readArchive(_ bytes: [UInt8]) {
    var bytes = bytes
    for block in stride(from: 0, to: bytes.count - 511, by: 512)
    where bytes.hasBytes("ustar".utf8, at: block + 257) {
        let range = block..<block + 512
        bytes.replaceSubrange(block + 148..<block + 156, with: [UInt8](repeating: 0x20, count: 8))
        let digits = String(bytes[range].reduce(0) { $0 + Int($1) }, radix: 8)
        bytes.replaceSubrange(block + 148..<block + 148 + digits.utf8.count, with: digits.utf8)
    }
    guard let file = memory(bytes) else { return }
    do throws(ArchiveError) {
        let archive = try NetbootArchive(opening: file, architecture: "x86_64")
        precondition(!archive.kernelPath.isEmpty && !archive.initrdPath.isEmpty)
    } catch { precondition(!error.description.isEmpty) }
}

/// The superblocks of all file systems have their places; here each begins at the input's beginning, too.
private func readBlockDevice(_ bytes: [UInt8]) {
    let read = { (offset: Int64, count: Int) -> [UInt8] in
        precondition(offset >= 0 && count >= 0 && count <= 1 << 20, "a read of \(count) bytes at \(offset)")
        let start = Int(offset % (offset < 0x8000 ? 0x8000 : offset < 0x1_0000 ? 0x8000 : 0x1_0000))
        return Array(bytes.dropFirst(start).prefix(count))
    }
    _ = FileSystemIdentity(reading: read)
    for sectorBytes in [512, 4096] {
        guard let table = PartitionTable(sectorBytes: sectorBytes, reading: read) else { continue }
        precondition(table.partitions.count <= 1024)
        for number in 0...300 { _ = table.uuid(ofPartition: number) }
    }
}

private func readChecksums(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(ChecksumError) {
        let digest = try ChecksumFile(text).sha256(ofPath: "/images/linux")
        precondition(isSHA256(digest) && digest == digest.lowercased())
    } catch { precondition(!error.description.isEmpty) }
    let configuration = ResolverConfiguration(text)
    precondition((1...3).contains(configuration.servers.count))
    for name in ["boot", "boot.example.", ""] {
        precondition(!configuration.candidates(for: name).isEmpty)
        _ = addresses(of: name, inHostsFile: text)
    }
    do throws(JoinSettingsFile.Mistake) {
        _ = try JoinSettingsFile(parsing: text)
    } catch { precondition(!error.description.isEmpty) }
}

/// Messages with their length in front, a big-endian 16-bit number.
private func readDNS(_ bytes: [UInt8]) {
    guard var exchange = DNSExchange(name: "boot.example", identifiers: (0x0102, 0x0304)) else { return }
    var rest = bytes[...]
    while rest.count > 2 {
        let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        exchange.receive(Array(rest.dropFirst(2).prefix(length)))
        rest = rest.dropFirst(2 + length)
    }
    let addresses = exchange.addresses
    precondition(addresses == ipv4First(addresses))
    exchange.forgetFailures()
    for type in exchange.open { precondition(exchange.query(type).count > 12) }
}

private func readHTTP(_ bytes: [UInt8]) {
    guard let length = HTTPResponseHead.length(in: bytes) else { return }
    precondition((2...bytes.count).contains(length))
    let body = Array(bytes[length...])
    let whole = decoded(body, parts: body.count)
    precondition(whole.bytes.count <= body.count)
    for parts in [1, 7] {
        let other = decoded(body, parts: parts)
        precondition(other.error == whole.error && (whole.error != nil || other == whole))
    }
    do throws(HTTPMalformation) {
        let head = try HTTPResponseHead(bytes[..<length])
        if case .length(let count) = try head.framing() { precondition((0...1 << 60).contains(count)) }
        if let range = head.contentRange { precondition(range.start >= 0) }
        _ = (head.keepsConnection, head.contentEncoding, head.strongETag)
        guard let location = head.value(of: "location") else { return }
        do throws(HTTPURLError) {
            let base = try HTTPURL("http://[fe80::1%25eth0]:8080/a/b?c")
            let url = try base.resolving(location)
            precondition(url.target.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "splits a request")
            precondition(url.target.hasPrefix("/") && !url.host.isEmpty)
            precondition(url.authority.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "splits a request")
        } catch { precondition(!error.description.isEmpty) }
    } catch { precondition(!error.description.isEmpty) }
}

private struct Decoded: Equatable {
    var bytes: [UInt8] = []
    var isFinished = false
    var error: HTTPMalformation?
}

private func decoded(_ body: [UInt8], parts: Int) -> Decoded {
    var (result, decoder) = (Decoded(), ChunkDecoder())
    var rest = body[...]
    while !rest.isEmpty, !decoder.isFinished, result.error == nil {
        var part = Array(rest.prefix(parts))
        rest = rest.dropFirst(parts)
        let count: Int = unsafe part.withUnsafeMutableBytes { buffer in
            do throws(HTTPMalformation) { return unsafe try decoder.decode(buffer) } catch {
                result.error = error
                return 0
            }
        }
        result.bytes += part[..<count]
    }
    result.isFinished = decoder.isFinished
    return result
}

private func readKeys(_ bytes: [UInt8]) {
    var decoder = MenuKeyDecoder()
    var editor = LineEditor("quiet console=ttyS0 ")
    for byte in bytes {
        for key in decoder.take([byte]) {
            _ = editor.take(key)
            precondition((0...editor.characters.count).contains(editor.cursor))
        }
    }
    _ = decoder.pause()
    precondition(!decoder.isWaiting)
}

/// One message as both DHCP clients would hear it, and as a frame.
private func readLeases(_ bytes: [UInt8]) {
    let mac = MACAddress(bytes: [0x52, 0x54, 0, 0x4e, 0x42, 1])
    guard let mac else { return }
    let inform = DHCPInform(
        transactionID: 0x0102_0304, address: IPv4Address(10, 0, 0, 9),
        identity: DiscoveryIdentity(mac: mac, uuid: nil, architecture: 0))
    if let answer = DHCPBootAnswer(bytes, to: inform), let server = answer.server {
        precondition(server.url.target.hasPrefix("/") && !server.url.host.isEmpty)
    }
    if let (_, payload) = udpPayload(ofFrame: bytes, toPort: 68) {
        precondition(payload.count <= bytes.count - 42)
    }
    let start = ContinuousClock.Instant.now
    var client = DHCPClient(mac: mac, transactionID: inform.transactionID, at: start)
    _ = client.timePassed(to: start)
    var answer = bytes
    for kind in [2, 5] as [UInt8] {
        // The type is the option that servers put first.
        if answer.count > 242, answer[240] == 53 { answer[242] = kind }
        if case .use(let lease) = client.received(answer, at: start) {
            precondition((0...32).contains(lease.prefixLength))
        }
    }
}

private func readManifest(_ bytes: [UInt8]) {
    if let url = try? HTTPURL("http://10.0.0.1/") { _ = try? JournalClient.lines(in: bytes, from: url) }
    do throws(ManifestError) {
        let manifest = try ManifestReader.read(bytes)
        guard case .entry(let entry) = manifest.boots else { return }
        precondition(entry.commandLine.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 9 })
        for artifact in [entry.kernel] + entry.initrds {
            precondition(artifact.byteCount ?? 0 >= 0 && artifact.sha256.map { isSHA256($0) } ?? true)
            _ = try? Artifact(artifact, label: "kernel")
        }
        let line = KernelCommandLine.assembled(
            entry: entry.commandLine, network: IPParameters(words: ["ip=dhcp"]), reuse: .all,
            running: entry.commandLine, append: [entry.commandLine])
        _ = KernelCommandLine(line.text)
    } catch { precondition(!error.description.isEmpty) }
}

private func readNetlink(_ bytes: [UInt8]) {
    guard let messages = try? NetlinkMessage.messages(in: bytes) else { return }
    let network = HostNetwork(
        links: messages.compactMap { try? NetworkLink($0) },
        addresses: messages.compactMap { try? LinkAddress($0) },
        neighbours: messages.compactMap { try? LinkNeighbour($0) })
    for message in messages { _ = try? KernelRoute(message) }
    let files = HostFiles(root: "/nonexistent")
    for link in network.links.prefix(8) {
        let server = network.addresses.first?.address
        do throws(UplinkError) {
            _ = try Uplink.find(
                to: server, route: ServerRoute(interface: link.name), in: network, files: files)
        } catch { precondition(!error.description.isEmpty) }
        let uplink = Uplink(
            interface: link, port: UplinkPort(name: link.name, address: link.address), server: server)
        let live = LiveAddress.read(of: uplink, in: network, files: files)
        for dialect in InitramfsDialect.allCases {
            do throws(IPParametersError) {
                let words = try IPParameters.words(
                    for: .static, dialect: dialect, uplink: uplink, live: live, ports: [link.name])
                for warning in words.warnings { precondition(!"\(warning)".isEmpty) }
            } catch { precondition(!error.description.isEmpty) }
        }
    }
}

private let ram: [MemoryRange] = [
    MemoryRange(start: 0, end: 0x9_fc00, kind: .ram),
    MemoryRange(start: 0x9_fc00, end: 0x10_0000, kind: .reserved),
    MemoryRange(start: 0x10_0000, end: 0x7ffd_c000, kind: .ram),
    MemoryRange(start: 0x1_0000_0000, end: 0x1_8000_0000, kind: .ram),
]

private func readImage(_ bytes: [UInt8]) {
    for isEFI in [false, true] {
        guard let kernel = memory(bytes), let initrd = memory(Array("070701".utf8)) else { return }
        do throws(KernelImageError) {
            let line = String(repeating: "a", count: 32 * Int(bytes.last ?? 0))
            let artifacts = try KernelArtifacts(kernel: kernel, initrd: initrd, commandLine: line)
            let facts = FirmwareFacts(memory: ram, isEFI: isEFI, hasFiveLevelPaging: isEFI)
            do throws(SegmentPlanError) {
                check(try SegmentPlan(for: artifacts, on: facts), of: artifacts)
            } catch { precondition(!error.description.isEmpty) }
        } catch { precondition(!error.description.isEmpty) }
    }
}

/// The kernel itself does not look whether a segment is in RAM.
private func check(_ plan: SegmentPlan, of artifacts: borrowing KernelArtifacts) {
    var end: UInt64 = 0
    for segment in plan.segments {
        let range = segment.address..<segment.address + segment.memoryByteCount
        precondition(segment.address % 4096 == 0 && segment.memoryByteCount % 4096 == 0, "not on pages")
        precondition(segment.address >= end, "segments overlap")
        precondition(segment.source.byteCount <= segment.memoryByteCount, "more bytes than memory")
        precondition(FreeMemory(ram).contains(range), "not in RAM")
        switch segment.source {
        case .bytes: break
        case .kernel(let part):
            precondition(part.lowerBound >= 0 && part.upperBound <= artifacts.kernel.byteCount)
        case .initrd(let part):
            precondition(part.lowerBound >= 0 && part.upperBound <= artifacts.initrdByteCount)
        }
        end = range.upperBound
    }
    guard
        let low = plan.segments.first(where: {
            $0.address <= plan.entry && plan.entry < $0.address + $0.memoryByteCount
        }),
        case .bytes(let bytes) = low.source
    else { preconditionFailure("the entry is nowhere") }
    let page = Array(bytes.dropFirst(Int(plan.entry - low.address)))
    guard let entry = page.little(UInt64.self, at: 8), let bits = page.little(UInt32.self, at: 0x20) else {
        preconditionFailure("no trampoline")
    }
    precondition(bits == 64 || entry < 1 << 32, "an entry that this mode cannot reach")
}
