internal import SystemIO

/// What came of reading a configuration file.
public struct ConfigurationReport: Sendable {
    /// Nil when there is any error.
    public var configuration: DeploymentConfiguration?
    /// As much as could be read in spite of errors, for further checks; nil when nothing could.
    public var readable: DeploymentConfiguration?
    /// All of them, in the file's order.
    public var errors: [ConfigurationError]
    public var warnings: [ConfigurationWarning]
}

extension DeploymentConfiguration {
    /// Reads a file and checks all that needs no look at this host.
    public static func load(path: String) -> ConfigurationReport {
        do {
            let bytes = try contents(ofFile: path, limit: YAMLDocument.maximumBytes)
            return parse(bytes, file: path)
        } catch {
            let error = ConfigurationError(
                file: path, place: nil, path: "", problem: .unreadable(SystemError.text(of: error.code)))
            return ConfigurationReport(configuration: nil, readable: nil, errors: [error], warnings: [])
        }
    }

    /// - Parameter file: what messages call it.
    public static func parse(_ bytes: [UInt8], file: String) -> ConfigurationReport {
        let findings = Findings(file: file)
        var configuration: DeploymentConfiguration?
        do {
            let document = try YAMLDocument(parsing: bytes)
            for failure in document.failures {
                findings.report(.yaml(failure.problem), at: failure.place, path: "")
            }
            var reader = ConfigurationReader(findings: findings)
            configuration = reader.read(document.root)
        } catch {
            findings.report(.yaml(error.problem), at: error.place, path: "")
        }
        return ConfigurationReport(
            configuration: findings.errors.isEmpty ? configuration : nil, readable: configuration,
            errors: findings.sortedErrors, warnings: findings.sortedWarnings)
    }
}
