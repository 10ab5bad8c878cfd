/// Something in a bundle that is not as it must be: with one of them, the bundle proves nothing that it names.
public struct AuditFinding: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// What it is about: `the checkpoint`, `entry 12`, `birth GW-0001`, `policy 3f…`.
    public var place: String
    /// What is wrong.
    public var problem: String

    init(_ place: String, _ problem: String) {
        self.place = place
        self.problem = problem
    }

    public var description: String { "\(place): \(problem)" }
}
