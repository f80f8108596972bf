import BootCore
import BootFiles
import Configuration
import DHCPServer
import HTTPServer
import Logging
import NFSServer
import SystemIO
import TFTPServer

/// The servers of one process, started and stopped together.
final class Services {
    /// Nil when the configuration says `dhcp: {mode: off}`.
    private let dhcp: DHCPService?
    private let tftp: TFTPService
    private let http: HTTPService
    /// Nil when nothing is exported.
    private let nfs: NFSService?
    private let failures: FailureReport
    private let journal: BootJournal

    /// Opens every port, which may take privileges; none is served yet.
    init(
        _ deployment: Deployment, failures: FailureReport, journal: BootJournal, logger: Logger
    ) throws(SystemError) {
        let directory = MachineDirectory()
        let tree = try BootTree(folder: deployment.configuration.files)
        dhcp =
            deployment.configuration.dhcp.mode == .off
            ? nil
            : try DHCPService(
                interface: deployment.host.interface, settings: deployment.dhcpSettings,
                stateFolder: deployment.configuration.state, directory: directory, journal: journal,
                logger: logger)
        tftp = try TFTPService(
            settings: deployment.tftpSettings, tree: tree, directory: directory, journal: journal,
            logger: logger,
            onFailure: { failures.report("TFTP", $0) })
        http = try HTTPService(
            settings: deployment.httpSettings, tree: tree, directory: directory, journal: journal,
            logger: logger)
        let nfsSettings = deployment.nfsSettings
        nfs =
            nfsSettings.exports.isEmpty
            ? nil
            : try NFSService(
                settings: nfsSettings, tree: tree, stateFolder: deployment.configuration.state,
                directory: directory, journal: journal, logger: logger,
                onFailure: { failures.report("NFS", $0) })
        self.failures = failures
        self.journal = journal
        journal.setBackWithin(deployment.configuration.join.backWithin)
    }

    func start() throws {
        try nfs?.start()
        // The threads of NFS alone need it: they decide by mode bits themselves who reads what.
        try Privileges.giveUpReadingAllFiles()
        // Files first: a machine that gets an address asks for them at once.
        try http.start()
        try tftp.start()
        try dhcp?.start(onFailure: { [failures] in failures.report("DHCP", $0) })
    }

    func stop() {
        dhcp?.stop()
        nfs?.stop()
        tftp.stop()
        http.stop()
    }

    /// Serves by another configuration from now on.
    func apply(_ deployment: Deployment) throws(SystemError) {
        let tree = try BootTree(folder: deployment.configuration.files)
        http.apply(settings: deployment.httpSettings, tree: tree)
        tftp.apply(settings: deployment.tftpSettings, tree: tree)
        nfs?.apply(settings: deployment.nfsSettings, tree: tree)
        dhcp?.apply(deployment.dhcpSettings)
        journal.setBackWithin(deployment.configuration.join.backWithin)
    }
}
