import Testing
import Wire

@testable import DHCPServer

/// The same numbers in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Who gets which address")
struct AddressPoolTests {
    private static let start = UnixTime(rawValue: 1_000_000)

    private func pool(_ ranges: String..., reserved: Set<IPv4Address> = []) throws -> AddressPool {
        AddressPool(
            network: try #require(IPv4Network("10.0.0.0/16")),
            ranges: try ranges.map { try #require(IPv4Range($0)) }, excluded: [], reserved: reserved)
    }

    private func claim(_ number: Int) -> AddressClaim { AddressClaim(client: client(number)) }

    private func client(_ number: Int) -> ClientIdentity { .hardware(HardwareAddress(.test(number))) }

    private func lease(_ address: IPv4Address, _ number: Int, until expires: UnixTime) -> Lease {
        Lease(address: address, client: client(number), state: .leased, expires: expires)
    }

    @Test(
        "First comes the former address, then the wish, then an unused one, then the one expired longest ago")
    func order() throws {
        var pool = try pool("10.0.0.1-10.0.0.2", "10.0.0.9-10.0.0.9")
        let (one, two, nine) = (IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2), IPv4Address(10, 0, 0, 9))
        var now = Self.start
        #expect(try pool.candidate(for: claim(1), wish: nil, at: now) == one)
        #expect(try pool.candidate(for: claim(1), wish: two, at: now) == two)
        #expect(try pool.candidate(for: claim(1), wish: IPv4Address(10, 0, 0, 5), at: now) == one)
        _ = pool.commit(lease(two, 1, until: now + 100), at: now)
        #expect(try pool.candidate(for: claim(1), wish: nine, at: now) == two)
        _ = pool.commit(lease(one, 2, until: now + 50), at: now)
        #expect(try pool.candidate(for: claim(3), wish: two, at: now) == nine)
        _ = pool.commit(lease(nine, 3, until: now + 70), at: now)
        #expect(throws: AllocationFailure.exhausted) { try pool.candidate(for: claim(4), wish: nil, at: now) }
        now = now + 200
        #expect(try pool.candidate(for: claim(4), wish: nil, at: now) == one)
        #expect(try pool.candidate(for: claim(3), wish: nil, at: now) == nine)
        #expect(try pool.candidate(for: claim(4), wish: two, at: now) == two)
    }

    @Test("A renewed lease is not taken for the one that expired longest ago")
    func renewed() throws {
        var pool = try pool("10.0.0.1-10.0.0.2")
        let (one, two) = (IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2))
        _ = pool.commit(lease(one, 1, until: Self.start + 10), at: Self.start)
        _ = pool.commit(lease(two, 2, until: Self.start + 20), at: Self.start)
        _ = pool.commit(lease(one, 1, until: Self.start + 100), at: Self.start + 5)
        #expect(try pool.candidate(for: claim(3), wish: nil, at: Self.start + 30) == two)
        _ = pool.commit(lease(two, 3, until: Self.start + 200), at: Self.start + 30)
        #expect(throws: AllocationFailure.exhausted) {
            try pool.candidate(for: claim(4), wish: nil, at: Self.start + 99)
        }
        #expect(pool.release(one, by: client(1), at: Self.start + 50) != nil)
        #expect(try pool.candidate(for: claim(4), wish: nil, at: Self.start + 50) == one)
    }

    @Test("Open offers are bounded: the oldest makes room for a newcomer, and its client may still take it")
    func offerLimit() throws {
        var pool = try pool("10.0.0.1-10.0.255.254")
        for number in 1...AddressPool.maximumOffers {
            let address = try pool.candidate(for: claim(number), wish: nil, at: Self.start)
            pool.offer(address, to: client(number), at: Self.start)
        }
        var now = Self.start + 1
        let (one, two) = (IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2))
        var hadRoom = [pool.offer(one, to: client(1), at: now)]
        let newcomers = try (5000...5001).map { number in
            let address = try pool.candidate(for: claim(number), wish: nil, at: now)
            hadRoom.append(pool.offer(address, to: client(number), at: now))
            return address
        }
        #expect(newcomers == [IPv4Address(10, 0, 16, 1), IPv4Address(10, 0, 16, 2)])
        #expect(hadRoom == [true, false, false])
        let open = pool.leases.filter { $0.state == .offered && $0.expires > now }
        #expect(open.count == AddressPool.maximumOffers)
        #expect(pool.lease(at: one)?.expires == now + 90, "held anew, and so not the oldest")
        #expect(pool.lease(at: two)?.expires == now && pool.isKnown(two, for: client(2)))
        now = now + 90
        hadRoom = [pool.offer(IPv4Address(10, 0, 17, 1), to: client(5002), at: now)]
        #expect(hadRoom == [true], "the bound ends with the offers")
    }

    @Test("A flood of DISCOVERs from ever new cards keeps no machine from its lease")
    func flood() throws {
        let network = try #require(IPv4Network("10.0.0.0/16"))
        let range = try #require(IPv4Range("10.0.1.0-10.0.200.255"))
        var dialogue = try Dialogue { $0.subnets[0] = DHCPSubnet(network: network, ranges: [range]) }
        for number in 1...AddressPool.maximumOffers {
            try dialogue.say(ClientMessage(.discover, from: .test(number)))
            #expect(dialogue.last.remarks.isEmpty)
        }
        let machine = MACAddress.test(100_000)
        try dialogue.say(ClientMessage(.discover, from: machine))
        #expect(dialogue.last.remarks == [.oldestOfferWithdrawn(limit: AddressPool.maximumOffers)])
        for number in 10_001...10_100 { try dialogue.say(ClientMessage(.discover, from: .test(number))) }
        try dialogue.getLease(machine)
        try dialogue.getLease(.test(1))
        #expect(dialogue.disk.count == 2)
    }

    @Test("Whatever clients do, no address ever has two holders", arguments: [1, 2, 3, 4] as [UInt64])
    func neverTwoHolders(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var now = Self.start
        let reservation = IPv4Address(10, 0, 0, 20)
        var pool = try pool("10.0.0.1-10.0.0.40", reserved: [reservation])
        var held: [Int: (address: IPv4Address, until: UnixTime)] = [:]
        var offered: [Int: IPv4Address] = [:]
        var granted = 0
        for _ in 0..<20_000 {
            now = now + Int64.random(in: 0...3, using: &generator)
            held = held.filter { $0.value.until > now }
            let number = Int.random(in: 1...60, using: &generator)
            var claim = claim(number)
            if number == 20 { claim.reservation = reservation }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let wish = IPv4Address(10, 0, 0, UInt8.random(in: 0...50, using: &generator))
                guard let address = try? pool.candidate(for: claim, wish: wish, at: now) else { continue }
                #expect(pool.permits(address, for: claim))
                #expect(!held.contains { $0.key != number && $0.value.address == address })
                #expect(number == 20 || address != reservation)
                pool.offer(address, to: claim.client, at: now)
                offered[number] = address
            case 5..<8:
                guard let address = offered[number], pool.permits(address, for: claim),
                    pool.isFree(address, for: claim.client, at: now)
                else { continue }
                let until = now + Int64.random(in: 1...200, using: &generator)
                for change in pool.commit(lease(address, number, until: until), at: now)
                where change.address != address {
                    #expect(change.client == claim.client && change.state == .released)
                }
                #expect(!held.contains { $0.key != number && $0.value.address == address })
                held[number] = (address, until)
                granted += 1
            case 8:
                guard let address = held[number]?.address else { continue }
                if pool.release(address, by: claim.client, at: now) != nil { held[number] = nil }
            default:
                guard let address = held[number]?.address else { continue }
                if pool.quarantine(address, by: claim.client, at: now) != nil {
                    held[number] = nil
                    #expect(!pool.isFree(address, for: claim.client, at: now))
                }
            }
        }
        #expect(granted > 1000)
    }

    @Test("A pool of 65,000 addresses fills, expires and fills again without being searched")
    func largePool() throws {
        var pool = try pool("10.0.0.1-10.0.255.254")
        var given: Set<IPv4Address> = []
        for number in 1...65_534 {
            let address = try pool.candidate(for: claim(number), wish: nil, at: Self.start)
            _ = pool.commit(lease(address, number, until: Self.start + Int64(number)), at: Self.start)
            given.insert(address)
        }
        #expect(given.count == 65_534)
        #expect(throws: AllocationFailure.exhausted) {
            try pool.candidate(for: claim(70_000), wish: nil, at: Self.start)
        }
        for number in 1...1000 {
            let now = Self.start + 70_000
            let address = try pool.candidate(for: claim(70_000 + number), wish: nil, at: now)
            #expect(pool.lease(at: address)?.client == client(number), "the one that expired longest ago")
            _ = pool.commit(lease(address, 70_000 + number, until: now + 100), at: now)
        }
    }

    @Test("A pool's leases survive in another pool")
    func restore() throws {
        var old = try pool("10.0.0.1-10.0.0.40")
        let now = Self.start
        let (one, two) = (IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2))
        _ = old.commit(lease(one, 1, until: now + 10), at: now)
        _ = old.commit(lease(two, 1, until: now + 20), at: now)
        old.offer(IPv4Address(10, 0, 0, 3), to: client(3), at: now)
        var new = try pool("10.0.0.1-10.0.0.50")
        new.restore(old.leases)
        #expect(new.lease(of: client(1))?.address == two)
        #expect(new.lease(at: one)?.state == .released)
        #expect(try new.candidate(for: claim(4), wish: nil, at: now) == IPv4Address(10, 0, 0, 4))
        #expect(Set(new.leases) == Set(old.leases))
    }

    @Test("The earliest time comes first out of the queue")
    func expiryQueue() {
        var generator = SeededGenerator(seed: 9)
        var queue = ExpiryQueue()
        for number in UInt32(0)..<500 {
            queue.insert(
                IPv4Address(rawValue: number), at: UnixTime(rawValue: .random(in: 0...99, using: &generator)))
        }
        var last = UnixTime(rawValue: -1)
        while let first = queue.first {
            #expect(last <= first.time)
            last = first.time
            if Int.random(in: 0..<3, using: &generator) == 0, first.time.rawValue < 1000 {
                queue.postponeFirst(to: first.time + 1000)
            } else {
                queue.removeFirst()
            }
        }
        #expect(queue.count == 0 && last.rawValue >= 1000)
    }
}
