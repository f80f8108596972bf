import Testing
import Wire

@Suite("Bytes and frames")
struct BytesTests {
    @Test("Fields are read big-endian, and a short read says where and how much")
    func reads() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 0x61, 0x62, 0, 9]
        var reader = ByteReader(bytes.span)
        #expect(try reader.readUInt8() == 1)
        #expect(try reader.readUInt16() == 0x0203)
        #expect(try reader.readUInt32() == 0x0405_0607)
        #expect(reader.readBytesUntilNUL() == Array("ab".utf8))
        #expect(reader.readBytesUntilNUL() == nil)
        do throws(ByteReaderError) {
            _ = try reader.readUInt16()
            Issue.record("two bytes read where one was left")
        } catch {
            #expect(error == .truncated(offset: 10, needed: 2, available: 1))
        }
        #expect(reader.readRest() == [9])
        #expect(reader.remaining == 0)
    }

    @Test("A frame to a client without an address has the right checksums, byte for byte")
    func frame() {
        // Recomputed by hand: IPv4 header sum of 10.0.0.1 to 10.0.0.100, 32 bytes; UDP 67 to 68, "abcd".
        let frame = UDPFrame(
            sourceMAC: MACAddress(rawValue: 0x0200_0000_0001),
            destinationMAC: MACAddress(rawValue: 0x5254_0012_3456),
            source: IPv4Endpoint(address: IPv4Address(10, 0, 0, 1), port: 67),
            destination: IPv4Endpoint(address: IPv4Address(10, 0, 0, 100), port: 68),
            payload: Array("abcd".utf8))
        let bytes = frame.encoded()
        #expect(bytes.count == 46)
        #expect(hexadecimal(bytes[0..<14]) == "525400123456" + "020000000001" + "0800")
        #expect(hexadecimal(bytes[14..<34]) == "45000020000000004011" + "6669" + "0a000001" + "0a000064")
        #expect(hexadecimal(bytes[34..<42]) == "00430044" + "000c" + "2624")
        #expect(sum(bytes[14..<34]) == 0xffff)
        let pseudo: [UInt8] = Array(bytes[26..<34]) + [0, 17, 0, 12]
        #expect(sum(pseudo + bytes[34...]) == 0xffff)
    }

    @Test("An odd payload is padded with zero in the checksum alone")
    func oddPayload() {
        let endpoint = IPv4Endpoint(address: IPv4Address(10, 0, 0, 1), port: 67)
        let bytes = UDPFrame(
            sourceMAC: MACAddress(rawValue: 1), destinationMAC: .broadcast, source: endpoint,
            destination: endpoint,
            payload: [1, 2, 3]
        ).encoded()
        #expect(bytes.count == 45)
        #expect(sum(Array(bytes[26..<34]) + [0, 17, 0, 11] + bytes[34...] + [0]) == 0xffff)
    }

    /// RFC 1071's sum, written in another way than the code under test.
    private func sum(_ bytes: some Sequence<UInt8>) -> Int {
        var total = 0
        for (index, byte) in bytes.enumerated() { total += index % 2 == 0 ? Int(byte) * 256 : Int(byte) }
        while total > 0xffff { total = (total & 0xffff) + (total >> 16) }
        return total
    }
}
