import Messages

extension AuditRecord {
    /// After how many problems with what its decision cites no more are looked for over one grant.
    ///
    /// A bundle is a stranger's: thousands of grants may answer one decision that cites hundreds of entries which are not there.
    private static let mostCitedProblems = 8

    /// What is wrong with what a decision cites, as far as one grant that answers it tells; none only when all of it was looked at.
    static func firstProblems(
        with cited: [ContentDigest],
        _ judge: (ContentDigest) -> [String]
    ) -> [String] {
        var problems: [String] = []
        for digest in cited {
            guard problems.count < mostCitedProblems else {
                return problems + ["what else its decision cites was not looked at"]
            }
            problems += judge(digest)
        }
        return problems
    }
}
