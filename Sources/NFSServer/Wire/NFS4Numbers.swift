/// The statuses that NFSv4.1 has beside NFSv3's (RFC 8881 §15.1).
extension NFSStatus {
    static let exists = NFSStatus(rawValue: 17)
    static let badCookie = NFSStatus(rawValue: 10003)
    static let same = NFSStatus(rawValue: 10009)
    static let clientIDInUse = NFSStatus(rawValue: 10017)
    static let noFileHandle = NFSStatus(rawValue: 10020)
    static let minorVersionMismatch = NFSStatus(rawValue: 10021)
    static let staleClientID = NFSStatus(rawValue: 10022)
    static let oldStateID = NFSStatus(rawValue: 10024)
    static let badStateID = NFSStatus(rawValue: 10025)
    static let notSame = NFSStatus(rawValue: 10027)
    static let isALink = NFSStatus(rawValue: 10029)
    static let attributeNotSupported = NFSStatus(rawValue: 10032)
    static let noGrace = NFSStatus(rawValue: 10033)
    static let badXDR = NFSStatus(rawValue: 10036)
    static let locksHeld = NFSStatus(rawValue: 10037)
    static let wrongOpenMode = NFSStatus(rawValue: 10038)
    static let badCharacter = NFSStatus(rawValue: 10040)
    static let badName = NFSStatus(rawValue: 10041)
    static let badRange = NFSStatus(rawValue: 10042)
    static let illegalOperation = NFSStatus(rawValue: 10044)
    static let badSession = NFSStatus(rawValue: 10052)
    static let badSlot = NFSStatus(rawValue: 10053)
    static let completeAlready = NFSStatus(rawValue: 10054)
    static let misordered = NFSStatus(rawValue: 10063)
    static let sequencePosition = NFSStatus(rawValue: 10064)
    static let requestTooBig = NFSStatus(rawValue: 10065)
    static let replyTooBig = NFSStatus(rawValue: 10066)
    static let replyTooBigToCache = NFSStatus(rawValue: 10067)
    static let retryOfUncachedReply = NFSStatus(rawValue: 10068)
    static let tooManyOperations = NFSStatus(rawValue: 10070)
    static let notInSession = NFSStatus(rawValue: 10071)
    static let clientIDBusy = NFSStatus(rawValue: 10074)
    static let falseRetry = NFSStatus(rawValue: 10076)
    static let algorithmNotSupported = NFSStatus(rawValue: 10079)
    static let notOnlyOperation = NFSStatus(rawValue: 10081)
    static let wrongType = NFSStatus(rawValue: 10083)
}

/// The operations of NFSv4.1 (RFC 8881 §16.2) that are served, or refused in a way of their own.
enum NFS4Operation: UInt32 {
    case access = 3
    case close = 4
    case commit = 5
    case create = 6
    case delegationPurge = 7
    case delegationReturn = 8
    case getAttributes = 9
    case getHandle = 10
    case link = 11
    case lock = 12
    case lockTest = 13
    case unlock = 14
    case lookUp = 15
    case lookUpParent = 16
    case verifyDifferent = 17
    case open = 18
    case openAttributes = 19
    case openConfirm = 20
    case openDowngrade = 21
    case putHandle = 22
    case putPublicHandle = 23
    case putRootHandle = 24
    case read = 25
    case readFolder = 26
    case readLink = 27
    case remove = 28
    case rename = 29
    case renew = 30
    case restoreHandle = 31
    case saveHandle = 32
    case securityInformation = 33
    case setAttributes = 34
    case setClientID = 35
    case setClientIDConfirm = 36
    case verify = 37
    case write = 38
    case releaseLockOwner = 39
    case backchannelControl = 40
    case bindConnection = 41
    case exchangeID = 42
    case createSession = 43
    case destroySession = 44
    case freeStateID = 45
    case getFolderDelegation = 46
    case getDeviceInformation = 47
    case getDeviceList = 48
    case layoutCommit = 49
    case layoutGet = 50
    case layoutReturn = 51
    case securityInformationNoName = 52
    case sequence = 53
    case setSSV = 54
    case testStateID = 55
    case wantDelegation = 56
    case destroyClientID = 57
    case reclaimComplete = 58

    static let illegal: UInt32 = 10044
    /// Behind `reclaimComplete`: NFSv4.2's own (RFC 7862 §11.2, RFC 8276 §8.4), all optional, none served.
    static let minorVersion2: ClosedRange<UInt32> = 59...75
}

/// A state of NFSv4: of an open file or a lock (RFC 8881 §8.2).
struct NFS4StateID: Hashable {
    var sequence: UInt32
    /// Twelve bytes.
    var other: [UInt8]

    private static let zeros = [UInt8](repeating: 0, count: 12)
    private static let ones = [UInt8](repeating: 0xff, count: 12)
    /// What CLOSE leaves: valid for nothing.
    static let invalid = NFS4StateID(sequence: .max, other: zeros)

    var isAnonymous: Bool { sequence == 0 && other == Self.zeros }
    var isReadBypass: Bool { sequence == .max && other == Self.ones }
    /// Stands for the state that an operation before it in the same compound has left.
    var isCurrent: Bool { sequence == 1 && other == Self.zeros }
}

/// Arguments as NFSv4's operations read them: what cannot be decoded is BADXDR.
extension XDRReader {
    mutating func word() throws(NFSStatus) -> UInt32 {
        do throws(XDRError) { return try uint32() } catch { throw .badXDR }
    }

    mutating func long() throws(NFSStatus) -> UInt64 {
        do throws(XDRError) { return try uint64() } catch { throw .badXDR }
    }

    mutating func flag() throws(NFSStatus) -> Bool {
        do throws(XDRError) { return try bool() } catch { throw .badXDR }
    }

    mutating func text(limit: Int) throws(NFSStatus) -> [UInt8] {
        do throws(XDRError) { return try opaque(limit: limit) } catch { throw .badXDR }
    }

    mutating func fixed(_ count: Int) throws(NFSStatus) -> [UInt8] {
        do throws(XDRError) { return try fixedOpaque(count) } catch { throw .badXDR }
    }

    mutating func number(of elements: Int, elementBytes: Int = 4) throws(NFSStatus) -> Int {
        do throws(XDRError) {
            return try count(limit: elements, elementBytes: elementBytes)
        } catch {
            throw .badXDR
        }
    }

    mutating func stateID() throws(NFSStatus) -> NFS4StateID {
        NFS4StateID(sequence: try word(), other: try fixed(12))
    }

    mutating func bitmap() throws(NFSStatus) -> NFS4Bitmap {
        let count = try number(of: 8)
        var bitmap = NFS4Bitmap()
        for index in 0..<count {
            let word = try word()
            if index < NFS4Bitmap.wordCount {
                bitmap.words[index] = word
            } else if word != 0 {
                bitmap.hasMore = true
            }
        }
        return bitmap
    }
}

extension XDRWriter {
    mutating func stateID(_ id: NFS4StateID) {
        uint32(id.sequence)
        fixedOpaque(id.other)
    }

    /// bitmap4, without words of zeros at its end.
    mutating func bitmap(_ bitmap: NFS4Bitmap) {
        let count = bitmap.words[2] != 0 ? 3 : bitmap.words[1] != 0 ? 2 : bitmap.words[0] != 0 ? 1 : 0
        uint32(UInt32(count))
        for index in 0..<count { uint32(bitmap.words[index]) }
    }
}

/// A set of attribute numbers (RFC 8881 §3.3.7).
struct NFS4Bitmap: Equatable {
    static let wordCount = 3

    var words: [3 of UInt32] = [0, 0, 0]
    /// Numbers that no attribute of ours has.
    var hasMore = false

    init(_ numbers: [UInt32] = []) {
        for number in numbers { words[Int(number / 32)] |= 1 << (number % 32) }
    }

    func contains(_ number: UInt32) -> Bool { words[Int(number / 32)] >> (number % 32) & 1 == 1 }

    /// What is in both.
    func intersection(_ other: NFS4Bitmap) -> NFS4Bitmap {
        var result = NFS4Bitmap()
        for index in 0..<Self.wordCount { result.words[index] = words[index] & other.words[index] }
        return result
    }

    /// Whether all of it is in `other`.
    func isSubset(of other: NFS4Bitmap) -> Bool { !hasMore && intersection(other) == self }

    static func == (left: NFS4Bitmap, right: NFS4Bitmap) -> Bool {
        left.hasMore == right.hasMore
            && (0..<wordCount).allSatisfy { left.words[$0] == right.words[$0] }
    }
}
