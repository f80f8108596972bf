import BootCore
import Wire

/// The dialogues by which clients get, keep and give back addresses (RFC 2131 §4.3).
extension DHCPResponder {
    // MARK: DHCPDISCOVER

    mutating func offer(_ exchange: Exchange) throws(IgnoreReason) -> DHCPResponse {
        var exchange = exchange
        let index = exchange.subnet
        let address: IPv4Address
        do throws(AllocationFailure) {
            address = try pools[index].candidate(
                for: exchange.claim, wish: exchange.message.requestedAddress, at: exchange.now)
        } catch {
            switch error {
            case .exhausted: throw .poolExhausted(pools[index].network)
            }
        }
        remarkOnReservation(insteadOf: address, in: &exchange)
        exchange.machine.address = address
        let step = try step(for: exchange.machine)
        if !pools[index].offer(address, to: exchange.client, at: exchange.now) {
            exchange.remarks.append(.oldestOfferWithdrawn(limit: AddressPool.maximumOffers))
        }
        var reply = DHCPReply(.offer, to: exchange.message, mtu: mtu)
        reply.yourAddress = address
        fill(&reply, for: exchange, step: step, leaseSeconds: leaseSeconds(for: exchange))
        return response(reply, to: exchange, step: step)
    }

    /// Says why a machine does not get the address that is kept for it.
    private func remarkOnReservation(insteadOf address: IPv4Address, in exchange: inout Exchange) {
        guard let reservation = exchange.claim.reservation, reservation != address,
            let holder = pools[exchange.subnet].lease(at: reservation), holder.expires > exchange.now
        else { return }
        exchange.remarks.append(.reservationHeld(reservation, by: holder.client))
    }

    // MARK: DHCPREQUEST

    mutating func answerRequest(_ exchange: Exchange) throws(IgnoreReason) -> DHCPResponse {
        let message = exchange.message
        let kind = RequestKind(message, via: exchange.arrival)
        let index = exchange.subnet
        if case .selecting(let server) = kind, !isOwn(server, message: message) {
            pools[index].withdrawOffer(to: exchange.client, at: exchange.now)
            throw .otherServerChosen(server)
        }
        guard let address = addressAsked(by: exchange, kind: kind) else { throw .noAddress }
        guard pools[index].network.contains(address) else {
            return try refuse(exchange, address: address, kind: kind, because: "wrong network")
        }
        guard pools[index].permits(address, for: exchange.claim) else {
            return try refuse(exchange, address: address, kind: kind, because: "address not available")
        }
        let isKnown = pools[index].isKnown(address, for: exchange.client)
        let isFree = pools[index].isFree(address, for: exchange.client, at: exchange.now)
        guard isFree else {
            return try refuse(exchange, address: address, kind: kind, because: "address in use")
        }
        var exchange = exchange
        if !isKnown {
            switch kind {
            case .selecting: break
            // It has the address now, so nobody else can: true unless the database was lost.
            case .renewing, .rebinding:
                guard settings.authoritative else { throw .notOurLease(address) }
                exchange.remarks.append(.leaseAdopted)
            // Whoever had it since may be unknown, too. It asks anew in a moment.
            case .initReboot:
                return try refuse(exchange, address: address, kind: kind, because: "lease not found")
            }
        }
        if kind == .initReboot, let own = exchange.claim.reservation, own != address,
            pools[index].permits(own, for: exchange.claim),
            pools[index].isFree(own, for: exchange.client, at: exchange.now)
        {
            return try refuse(exchange, address: address, kind: kind, because: "it has an address of its own")
        }
        return try acknowledge(exchange, address: address, kind: kind)
    }

    /// Some clients put the address that they were offered where another belongs, or nowhere.
    private func addressAsked(by exchange: Exchange, kind: RequestKind) -> IPv4Address? {
        let current = exchange.message.clientAddress
        switch kind {
        case .renewing, .rebinding: return current
        case .selecting, .initReboot:
            if let requested = exchange.message.requestedAddress, requested != .any { return requested }
            if current != .any { return current }
            return pools[exchange.subnet].lease(of: exchange.client)?.address
        }
    }

    private mutating func acknowledge(
        _ exchange: Exchange, address: IPv4Address, kind: RequestKind
    ) throws(IgnoreReason) -> DHCPResponse {
        var exchange = exchange
        exchange.machine.address = address
        let step = try step(for: exchange.machine)
        let seconds = leaseSeconds(for: exchange)
        var reply = DHCPReply(.acknowledgment, to: exchange.message, mtu: mtu)
        reply.yourAddress = address
        switch kind {
        case .renewing, .rebinding: reply.clientAddress = exchange.message.clientAddress
        case .selecting, .initReboot: break
        }
        fill(&reply, for: exchange, step: step, leaseSeconds: seconds)
        var lease = Lease(
            address: address, client: exchange.client, state: .leased,
            expires: exchange.now + Int64(seconds))
        let before = pools[exchange.subnet].lease(at: address).flatMap {
            $0.client == exchange.client ? $0 : nil
        }
        lease.clientIdentifier =
            exchange.message.clientIdentifier.map(Array.init) ?? before?.clientIdentifier ?? []
        lease.uuid = exchange.machine.uuid
        lease.hostname = exchange.machine.hostname ?? before?.hostname
        lease.relayInformation =
            exchange.message[.relayInformation].map(Array.init) ?? before?.relayInformation ?? []
        var response = response(reply, to: exchange, step: step)
        response.changes = pools[exchange.subnet].commit(lease, at: exchange.now)
        return response
    }

    /// A DHCPNAK; silence where another server may know better.
    private func refuse(
        _ exchange: Exchange, address: IPv4Address, kind: RequestKind, because words: StaticString
    ) throws(IgnoreReason) -> DHCPResponse {
        switch kind {
        case .selecting: break
        case .initReboot, .renewing, .rebinding:
            guard settings.authoritative else { throw .notOurLease(address) }
        }
        var reply = DHCPReply(.refusal, to: exchange.message, mtu: mtu)
        // The relay must not send it to the address that is refused.
        if reply.relayAddress != .any { reply.flags |= DHCPMessage.broadcastFlag }
        reply.options.append(.messageType, [DHCPMessageType.refusal.rawValue])
        reply.options.append(.serverIdentifier, serverIdentifier(for: exchange.message).bytes)
        reply.options.append(.message, Array(words.description.utf8))
        for code in [DHCPOptionCode.clientIdentifier, .relayInformation] {
            if let value = exchange.message[code] { reply.options.append(code, value) }
        }
        var response = response(reply, to: exchange, step: nil)
        response.machine?.address = nil
        return response
    }

    // MARK: DHCPDECLINE, DHCPRELEASE, DHCPINFORM

    mutating func decline(_ exchange: Exchange) throws(IgnoreReason) -> DHCPResponse {
        try checkServer(of: exchange)
        guard let address = exchange.message.requestedAddress else { throw .noAddress }
        let index = exchange.subnet
        guard pools[index].isKnown(address, for: exchange.client) else { throw .notItsAddress(address) }
        guard declines.admits(exchange.client, at: exchange.now),
            let lease = pools[index].quarantine(address, by: exchange.client, at: exchange.now)
        else { throw .tooManyDeclines(address) }
        return DHCPResponse(
            action: .heeded(.declined(address)), changes: [lease], machine: exchange.machine)
    }

    mutating func release(_ exchange: Exchange) throws(IgnoreReason) -> DHCPResponse {
        try checkServer(of: exchange)
        let address = exchange.message.clientAddress
        guard address != .any else { throw .noAddress }
        guard let lease = pools[exchange.subnet].release(address, by: exchange.client, at: exchange.now)
        else { throw .notItsAddress(address) }
        return DHCPResponse(
            action: .heeded(.released(address)), changes: [lease], machine: exchange.machine)
    }

    /// Kea and ISC take these messages without a server identifier, too.
    private func checkServer(of exchange: Exchange) throws(IgnoreReason) {
        guard let server = exchange.message.serverIdentifier else { return }
        guard isOwn(server, message: exchange.message) else { throw .otherServerChosen(server) }
    }

    mutating func inform(_ exchange: Exchange) throws(IgnoreReason) -> DHCPResponse {
        var exchange = exchange
        let address = exchange.message.clientAddress
        guard address != .any else { throw .noAddress }
        guard pools[exchange.subnet].network.contains(address) else { throw .noSubnet(address) }
        // The reply goes to that address, and the machine is known by it from now on.
        let source = exchange.arrival.source.address
        guard source == address || source == .any || exchange.message.relayAddress != .any,
            mayBeAnotherHost(address)
        else { throw .notItsAddress(address) }
        exchange.machine.address = address
        let step = try stepToTell(exchange.machine, in: .inform)
        var reply = DHCPReply(.acknowledgment, to: exchange.message, mtu: mtu)
        reply.clientAddress = address
        fill(&reply, for: exchange, step: step, leaseSeconds: nil)
        return response(reply, to: exchange, step: step)
    }
}
