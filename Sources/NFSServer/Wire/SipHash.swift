import Wire

/// A secret of 16 bytes.
struct SipHashKey: Equatable, Sendable {
    let low: UInt64
    let high: UInt64

    /// Nil unless there are exactly 16 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        low = littleEndian(bytes, 0)
        high = littleEndian(bytes, 8)
    }
}

/// SipHash-2-4 with a result of 128 bits (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012, and its
/// authors' 128-bit variant): a message authentication code that costs less than a copy of what it protects.
func sipHash128(_ message: [UInt8], count: Int, _ key: SipHashKey) -> (low: UInt64, high: UInt64) {
    var state = SipState(key)
    var offset = 0
    while offset + 8 <= count {
        state.absorb(littleEndian(message, offset))
        offset += 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    for index in offset..<count { last |= UInt64(message[index]) << UInt64(8 * (index - offset)) }
    state.absorb(last)
    state.v2 ^= 0xee
    for _ in 0..<4 { state.round() }
    let low = state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    state.v1 ^= 0xdd
    for _ in 0..<4 { state.round() }
    return (low, state.v0 ^ state.v1 ^ state.v2 ^ state.v3)
}

private struct SipState {
    var v0, v1, v2, v3: UInt64

    init(_ key: SipHashKey) {
        v0 = 0x736f_6d65_7073_6575 ^ key.low
        v1 = 0x646f_7261_6e64_6f6d ^ key.high ^ 0xee
        v2 = 0x6c79_6765_6e65_7261 ^ key.low
        v3 = 0x7465_6462_7974_6573 ^ key.high
    }

    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    mutating func round() {
        v0 &+= v1
        v1 = v1 << 13 | v1 >> 51
        v1 ^= v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = v3 << 16 | v3 >> 48
        v3 ^= v2
        v0 &+= v3
        v3 = v3 << 21 | v3 >> 43
        v3 ^= v0
        v2 &+= v1
        v1 = v1 << 17 | v1 >> 47
        v1 ^= v2
        v2 = v2 << 32 | v2 >> 32
    }
}

private func littleEndian(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in (0..<8).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
    return value
}
