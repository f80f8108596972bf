/// One thing that a boot loader's configuration offers.
public struct MenuEntry: Equatable, Sendable {
    public var title: String

    public init(title: String) { self.title = title }
}
