import BootFiles
import Testing
import Wire

@testable import NFSServer

@Suite("File handles")
struct HandleTests {
    private let handle = FileHandle(
        export: 0x0102_0304,
        node: NodeReference(
            identity: NodeIdentity(volume: 0x1112_1314_1516_1718, number: 0x2122_2324_2526_2728),
            generation: 0x3132_3334, parent: 0x4142_4344_4546_4748))

    /// As `openssl mac SIPHASH` with a key of 00 … 0f and a size of 16 says of 00, 00 01, …
    private static let codes: [(count: Int, code: String)] = [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"), (3, "9c70b60c5267a94e5f33b6b02985ed51"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"), (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (15, "5493e99933b0a8117e08ec0f97cfc3d9"), (33, "77c6077146f01c32b6b69d5f4ea9ffcf"),
    ]

    @Test("SipHash gives the codes that OpenSSL gives", arguments: codes)
    func code(count: Int, code: String) throws {
        let result = sipHash128(Array(0..<64), count: count, try #require(TestEngine.key))
        let bytes = [result.low, result.high].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        #expect(hexadecimal(bytes) == code)
    }

    @Test("A handle has each of its fields at its place")
    func golden() throws {
        let bytes = handle.bytes(key: try #require(TestEngine.key))
        #expect(
            hexadecimal(bytes)
                == "01" + "01020304" + "1112131415161718" + "2122232425262728" + "31323334"
                + "4142434445464748" + "6900b5bab9b5fba1" + "37b13076f34bca49")
    }

    @Test("A handle is read as it was written")
    func roundTrip() throws {
        let key = try #require(TestEngine.key)
        #expect(FileHandle(handle.bytes(key: key), key: key) == handle)
    }

    @Test("A handle with any bit changed is not ours")
    func flippedBits() throws {
        let key = try #require(TestEngine.key)
        let bytes = handle.bytes(key: key)
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(FileHandle(changed, key: key) == nil, "bit \(bit)")
        }
    }

    @Test("A handle of any other length is not ours")
    func lengths() throws {
        let key = try #require(TestEngine.key)
        let bytes = handle.bytes(key: key)
        for count in 0..<bytes.count { #expect(FileHandle(Array(bytes[..<count]), key: key) == nil) }
        #expect(FileHandle(bytes + [0], key: key) == nil)
    }

    @Test("A handle that another key signed is not ours")
    func otherKey() throws {
        let key = try #require(TestEngine.key)
        let other = try #require(SipHashKey([UInt8](repeating: 1, count: 16)))
        #expect(FileHandle(handle.bytes(key: other), key: key) == nil)
    }

    @Test("A key has sixteen bytes")
    func keyLength() {
        #expect(SipHashKey([UInt8](repeating: 0, count: 15)) == nil)
        #expect(SipHashKey([UInt8](repeating: 0, count: 17)) == nil)
    }
}
