import Configuration
import Testing

@Suite("docs/configuration.md says what is so")
struct DocumentationTests {
    private func page() throws -> String {
        String(decoding: try repositoryFile("docs/configuration.md"), as: UTF8.self)
    }

    @Test("Every example in it is right")
    func examples() throws {
        let parts = try page().split(separator: "```", omittingEmptySubsequences: false)
        let examples = parts.filter { $0.hasPrefix("yaml\n") }
        #expect(examples.count >= 4)
        for example in examples { #expect(parse(String(example.dropFirst("yaml\n".count))).errors == []) }
    }

    /// Files with an unknown key at each place where keys are ours.
    private static let unknownKeys = [
        "xyzzy: 1", "dhcp: {xyzzy: 1}", "dhcp: {subnets: [{xyzzy: 1}]}",
        "dhcp: {subnets: [{routes: [{xyzzy: 1}]}]}", "tftp: {xyzzy: 1}", "http: {xyzzy: 1}",
        "nfs: {xyzzy: 1}", "nfs: {exports: [{xyzzy: 1}]}", "loaders: {xyzzy: 1}", "profiles: {p: {xyzzy: 1}}",
        "machines: [{xyzzy: 1}]", "rules: [{xyzzy: 1}]", "rules: [{match: {xyzzy: 1}}]", "menu: {xyzzy: 1}",
        "join: {xyzzy: 1}",
        "machines: [{options: {224: {xyzzy: 1}}}]",
    ]

    @Test("It describes every key", arguments: unknownKeys)
    func keys(text: String) throws {
        let page = try page()
        let known = parse(text).errors.compactMap { error -> [String]? in
            guard case .unknownKey(_, let known) = error.problem else { return nil }
            return known
        }
        #expect(known.count == 1)
        for key in known.joined() {
            let forms = ["`\(key)`", ".\(key)`", "{\(key): ", " \(key): "]
            #expect(forms.contains { page.contains($0) }, "\(key) is not described")
        }
    }
}
