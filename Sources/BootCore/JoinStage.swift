/// How far a live host is on its way into another system, as it reports itself.
///
/// The raw value is the word in `POST /api/v1/join/report?stage=…`.
public enum JoinStage: String, CaseIterable, Sendable {
    /// It has the manifest.
    case joined
    /// The host can do it.
    case preflight
    /// Every artifact is there and verified.
    case fetched
    /// The kernel has taken the image.
    case loaded
    /// The last word of the old system.
    case jumping
    /// It was given up before the jump; the old system lives on.
    case failed
}
