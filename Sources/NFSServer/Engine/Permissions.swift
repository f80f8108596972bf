import SystemIO

/// Who reads, and what he may. Decided by mode bits alone, without becoming anybody: threads share their process's user.
extension Subject {
    init(_ credentials: RPCCredentials, under grant: ExportGrant) {
        let anonymous = (grant.anonymousUserID, grant.anonymousGroupID)
        guard case .system(let unix) = credentials, grant.squash != .all else {
            self.init(userID: anonymous.0, groupID: anonymous.1)
            if case .system(let unix) = credentials { isSquashedRoot = unix.userID == 0 }
            return
        }
        guard grant.squash == .root else {
            self.init(userID: unix.userID, groupID: unix.groupID, groups: unix.groups)
            return
        }
        self.init(
            userID: unix.userID == 0 ? anonymous.0 : unix.userID,
            groupID: unix.groupID == 0 ? anonymous.1 : unix.groupID,
            groups: unix.groups.map { $0 == 0 ? anonymous.1 : $0 }, isSquashedRoot: unix.userID == 0)
    }

    private var isRoot: Bool { userID == 0 }

    /// The three permission bits that hold for this subject.
    private func bits(_ status: NodeStatus) -> UInt32 {
        if userID == status.userID { return status.permissions >> 6 & 7 }
        if groupID == status.groupID || groups.contains(status.groupID) { return status.permissions >> 3 & 7 }
        return status.permissions & 7
    }

    /// Whether a folder's entries or a file's content may be read, as the client's own kernel would decide.
    func mayRead(_ status: NodeStatus) -> Bool { isRoot || bits(status) & 4 != 0 }

    /// Whether a folder may be entered, or a file run.
    func mayExecute(_ status: NodeStatus) -> Bool {
        if isRoot { return status.kind == .folder || status.permissions & 0o111 != 0 }
        return bits(status) & 1 != 0
    }

    /// Whether READ is to be answered: a program that may only be run has to be read for that, and a file's owner may
    /// have opened it before its mode changed.
    func mayFetch(_ status: NodeStatus) -> Bool {
        mayRead(status) || mayExecute(status) || userID == status.userID
    }
}
