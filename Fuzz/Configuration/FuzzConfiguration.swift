import Configuration

/// Reads the input as a configuration file, and makes settings and messages of what comes of it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConfiguration(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let report = DeploymentConfiguration.parse(input, file: "netbootd.yaml")
    precondition((report.configuration == nil) == !report.errors.isEmpty, "neither a value nor a reason")
    for error in report.errors { precondition(!error.description.isEmpty) }
    for warning in report.warnings { precondition(!warning.description.isEmpty) }
    _ = report.configuration?.policy()
    return 0
}
