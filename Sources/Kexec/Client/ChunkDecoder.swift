/// Takes a chunked body apart, in the buffer in which it is (RFC 9112 §7.1).
struct ChunkDecoder: Equatable, Sendable {
    private enum State: Equatable {
        case size(digits: Int)
        /// After the size, up to the end of the line.
        case chunkExtension
        case data
        /// The line end after the data.
        case dataEnd
        case trailer(lineIsEmpty: Bool)
        case finished
    }

    private var state = State.size(digits: 0)
    private var remaining: Int64 = 0
    /// Bytes of extensions and trailers so far.
    private var overhead = 0

    /// The last chunk and its trailers have been read.
    var isFinished: Bool { state == .finished }

    /// Moves the body's bytes among `buffer`'s to its front and answers how many there are.
    ///
    /// What comes after the body is dropped: nothing was asked for that could be there.
    mutating func decode(_ buffer: UnsafeMutableRawBufferPointer) throws(HTTPMalformation) -> Int {
        var read = 0
        var written = 0
        while read < buffer.count {
            if state == .data {
                let count = Int(min(remaining, Int64(buffer.count - read)))
                if let base = buffer.baseAddress, written != read {
                    unsafe (base + written).copyMemory(from: base + read, byteCount: count)
                }
                read += count
                written += count
                remaining -= Int64(count)
                if remaining == 0 { state = .dataEnd }
                continue
            }
            if state == .finished { break }
            unsafe try take(buffer[read])
            read += 1
        }
        return written
    }

    private mutating func take(_ byte: UInt8) throws(HTTPMalformation) {
        let isLineEnd = byte == 0x0a
        switch state {
        case .size(let digits):
            if let digit = Self.hexadecimalValue(byte) {
                // Fifteen digits are an exabyte, and fit.
                guard digits < 15 else { throw .chunk }
                remaining = remaining << 4 | digit
                state = .size(digits: digits + 1)
            } else {
                guard digits > 0, isLineEnd || [0x0d, 0x3b, 0x20, 0x09].contains(byte) else { throw .chunk }
                state = isLineEnd ? afterSize : .chunkExtension
            }
        case .chunkExtension:
            try count()
            if isLineEnd { state = afterSize }
        case .dataEnd:
            guard isLineEnd || byte == 0x0d else { throw .chunk }
            if isLineEnd { state = .size(digits: 0) } else { try count() }
        case .trailer(let lineIsEmpty):
            try count()
            if isLineEnd {
                state = lineIsEmpty ? .finished : .trailer(lineIsEmpty: true)
            } else if byte != 0x0d {
                state = .trailer(lineIsEmpty: false)
            }
        case .data, .finished: break
        }
    }

    private var afterSize: State { remaining == 0 ? .trailer(lineIsEmpty: true) : .data }

    private mutating func count() throws(HTTPMalformation) {
        overhead += 1
        guard overhead <= 1 << 20 else { throw .chunk }
    }

    private static func hexadecimalValue(_ byte: UInt8) -> Int64? {
        switch byte {
        case 0x30...0x39: Int64(byte - 0x30)
        case 0x41...0x46: Int64(byte - 0x41 + 10)
        case 0x61...0x66: Int64(byte - 0x61 + 10)
        default: nil
        }
    }
}
