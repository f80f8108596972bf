import BootCore

extension Preflight {
    /// The sizes of the manifest against the memory of this host, and of the next system.
    static func memory(_ facts: HostFacts, _ plan: JoinPlan) -> [PreflightLine] {
        guard let total = facts.memoryTotal, let available = facts.memoryAvailable else {
            return [.warn("memory", "/proc/meminfo does not tell", "Mount /proc; or try it with --force.")]
        }
        let found = "\(sizeText(available)) of \(sizeText(total)) available"
        guard let entry = plan.entry, let kernel = entry.kernel.byteCount.map(bounded) else {
            return [.pass("memory", found, "How much is needed is known only after the download.")]
        }
        let initrd = entry.initrds.reduce(0) { bounded($0 + bounded($1.byteCount ?? 0)) }
        // As much again as distributions' kernels grow when they unpack themselves.
        let whole = roundedUp(plan.kernelInitBytes ?? 5 * kernel) + roundedUp(initrd)
        let artifacts = kernel + initrd
        var lines: [PreflightLine] = []
        // No segment may be above half of the memory; swap does not count (kernel/kexec_core.c).
        if whole > total / 2 {
            let advice =
                "The kernel takes at most half of the memory for this. Choose a smaller entry, or add memory."
            let need = "\(sizeText(whole)) must fit in half of \(sizeText(total))"
            let isCertain = plan.kernelInitBytes != nil || roundedUp(initrd) + kernel > total / 2
            lines.append(
                isCertain ? .fail("memory", need, advice) : .warn("memory", "perhaps " + need, advice))
        }
        // The files in memory, the kernel's copy while it reads them, and the segments.
        if available < 2 * artifacts {
            lines.append(
                .fail(
                    "memory",
                    "\(found), and \(sizeText(2 * artifacts)) are needed to load \(sizeText(artifacts))",
                    "Stop something that uses much memory."))
        } else if available < 3 * artifacts + 64 << 20 {
            lines.append(
                .warn(
                    "memory", "\(found), and \(sizeText(3 * artifacts + 64 << 20)) are wanted",
                    "Stop something that uses much memory, or try it with --force."))
        }
        // A packed initrd is about a third of what it holds.
        let next = 4 * initrd + 128 << 20
        if initrd > 0, total < next {
            lines.append(
                .warn(
                    "memory", "the new system wants about \(sizeText(next)), of \(sizeText(total))",
                    "It may run out of memory while it unpacks its initrd. Add memory, or use --force."))
        }
        return lines.isEmpty ? [.pass("memory", "\(found), \(sizeText(artifacts)) to load")] : lines
    }

    /// A manifest may say anything; a pebibyte is more than any host has, and can be reckoned with.
    private static func bounded(_ count: Int64) -> Int64 { min(max(count, 0), 1 << 50) }

    private static func roundedUp(_ count: Int64) -> Int64 { (count + 4095) & ~4095 }

    /// Drivers that are known to leave their device in a state which the next kernel cannot use.
    static func drivers(_ facts: HostFacts, _ plan: JoinPlan) -> [PreflightLine] {
        var lines: [PreflightLine] = []
        if let driver = plan.uplink?.port.driver, ["mlx4_core", "mlx5_core"].contains(driver) {
            lines.append(
                .warn(
                    "driver", "the uplink's driver is \(driver)",
                    "With some firmware the card is dead after the jump, until a cold start. Try it with --force."
                ))
        }
        let hangs = ["amdgpu", "radeon", "nouveau", "nvidia"].filter(facts.modules.contains)
        if !hangs.isEmpty {
            lines.append(
                .warn(
                    "driver", "the screen's driver is \(hangs.joined(separator: ", "))",
                    "The next system may hang when it starts the card again. Unload it before, or use --force."
                ))
        }
        let darkens = ["i915", "xe", "ast", "mgag200"].filter(facts.modules.contains)
        if !darkens.isEmpty {
            lines.append(
                .pass(
                    "screen", "its driver is \(darkens.joined(separator: ", "))",
                    "It may stay dark until the new system loads a driver. The server's journal shows how it goes."
                ))
        }
        if facts.isHyperV {
            let isRisky = facts.modules.contains("hyperv_fb")
            lines.append(
                .warn(
                    "Hyper-V", "a guest of Hyper-V or Azure" + (isRisky ? ", with hyperv_fb" : ""),
                    "Some of them hang on the way."
                        + (isRisky ? " Unload hyperv_fb first (rmmod hyperv_fb)." : "")
                        + " Try it with --force."))
        }
        return lines
    }

    static func uplink(_ plan: JoinPlan) -> PreflightLine? {
        guard let uplink = plan.uplink else { return nil }
        var way = uplink.layers.map { layer in
            switch layer {
            case .bridge(let name): "\(name) (bridge)"
            case .bond(let bond): "\(bond.name) (bond, \(bond.mode))"
            case .vlan(let name, let id): "\(name) (VLAN \(id))"
            case .other(let name, let kind): "\(name) (\(kind))"
            }
        }
        way.append(uplink.port.name + (uplink.port.mac.map { " \($0)" } ?? ""))
        let found = way.joined(separator: " > ") + (plan.mtu.map { ", MTU \($0)" } ?? "")
        guard uplink.port.hasCarrier else {
            return .warn(
                "uplink", found + ", no link",
                "Is the cable in? Choose another card with --interface, or use --force.")
        }
        return .pass("uplink", found)
    }

    /// `412 MiB`, `1.9 GiB`: what people compare with what they bought.
    static func sizeText(_ bytes: Int64) -> String {
        if bytes >= 1 << 30 {
            let tenths = (bytes * 10 + 1 << 29) >> 30
            return "\(tenths / 10).\(tenths % 10) GiB"
        }
        if bytes >= 1 << 20 { return "\((bytes + 1 << 19) >> 20) MiB" }
        return "\((bytes + 1023) >> 10) KiB"
    }
}
