public import Messages

/// What a policy says to every tier of every kind of move, for devices that are alike: for people, who want to see it whole.
public struct PolicyMatrix: Hashable, Sendable, Codable {
    /// SHA-256 of the policy's file.
    public var policy: ContentDigest
    /// One table for each kind of device and package.
    public var tables: [Table]

    /// What it says of one kind of device and package.
    public struct Table: Hashable, Sendable, Codable {
        /// Which kind.
        public var subject: MatrixSubject
        /// Tier by tier, and in each the moves in their order.
        public var cells: [Cell]
    }

    /// What it says of one tier and one kind of move.
    public struct Cell: Hashable, Sendable, Codable {
        /// How the device proves itself.
        public var tier: Tier
        /// What it asks for.
        public var release: ReleaseClass
        /// The rule that decides; absent when none fits.
        public var rule: Label?
        /// Whether the policy lets it.
        public var isAllowed: Bool
        /// Why, or why not.
        public var because: String
        /// How long its evidence is good for, in seconds; absent where it is worth no lease.
        public var leaseSeconds: Int64?
        /// How long a grant is good for at the most, in seconds; absent where none is given.
        public var grantSeconds: Int64?
        /// What is wanted of evidence and people besides.
        public var wants: [String]
    }

    /// The kinds of move.
    public enum ReleaseClass: String, Hashable, Sendable, Codable, CaseIterable {
        /// To another release of the same or a higher security version.
        case upgrade
        /// To the release that runs already.
        case reinstall
        /// To a lower security version.
        case downgrade
        /// Back to health, from a rescue image or the release before the current one.
        case rescue
        /// Off line, by a grant that comes as a file.
        case delayed
    }

    /// More tables than anybody reads.
    static let maximumTables = 500
}

/// A kind of device and package; what is absent is whatever no rule names.
public struct MatrixSubject: Hashable, Sendable, Codable {
    /// The model.
    public var model: Label?
    /// The hardware revision.
    public var hardwareRevision: Label?
    /// The environment.
    public var environment: Label?
    /// The package.
    public var package: Label?

    /// Joins the parts.
    public init(
        model: Label? = nil,
        hardwareRevision: Label? = nil,
        environment: Label? = nil,
        package: Label? = nil
    ) {
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.package = package
    }
}

extension Policy {
    /// The whole matrix of tiers and moves.
    /// - Parameter asked: what is fixed; of the rest, each combination that a rule names gets a table, in the order of the rules.
    /// - Throws: `MessageError` when that is more than ``PolicyMatrix/maximumTables``.
    public func matrix(for asked: MatrixSubject = MatrixSubject()) throws(MessageError) -> PolicyMatrix {
        var subjects: [MatrixSubject] = []
        var seen = Set<MatrixSubject>()
        for rule in rules {
            for subject in try rule.match.subjects(asked) where seen.insert(subject).inserted {
                subjects.append(subject)
                guard subjects.count <= PolicyMatrix.maximumTables else { throw MatrixSubject.tooMany }
            }
        }
        // A kind that no rule names is answered too: nothing is allowed to it.
        if subjects.isEmpty { subjects = [asked] }
        return PolicyMatrix(
            policy: digest,
            tables: subjects.map { subject in
                PolicyMatrix.Table(
                    subject: subject,
                    cells: Tier.allCases.flatMap { tier in
                        let rule = rules.first { $0.match.fits(subject, tier) }
                        return PolicyMatrix.ReleaseClass.allCases.map { $0.cell(of: rule, tier, subject) }
                    }
                )
            }
        )
    }
}

extension MatrixSubject {
    fileprivate static var tooMany: MessageError {
        MessageError(
            .tooLarge,
            "the rules name more than \(PolicyMatrix.maximumTables) kinds of devices and packages: name a model or a package"
        )
    }
}

extension PolicyRule.Match {
    /// The kinds that it names, among those that are asked about.
    fileprivate func subjects(_ asked: MatrixSubject) throws(MessageError) -> [MatrixSubject] {
        let parts = [
            Self.values(models, asked.model), Self.values(hardwareRevisions, asked.hardwareRevision),
            Self.values(environments, asked.environment), Self.values(packages, asked.package),
        ]
        let count = parts.reduce(1) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
        guard parts.allSatisfy({ $0.count <= PolicyMatrix.maximumTables }), count <= PolicyMatrix.maximumTables else {
            throw MatrixSubject.tooMany
        }
        var subjects = [MatrixSubject()]
        let places: [WritableKeyPath<MatrixSubject, Label?>] = [\.model, \.hardwareRevision, \.environment, \.package]
        for (place, values) in zip(places, parts) {
            subjects = subjects.flatMap { subject in
                values.map { value in
                    var subject = subject
                    subject[keyPath: place] = value
                    return subject
                }
            }
        }
        return subjects
    }

    private static func values(_ selector: Selector<Label>, _ asked: Label?) -> [Label?] {
        switch (asked, selector) {
        case (let asked?, _): selector.contains(asked) ? [asked] : []
        case (nil, .any): [nil]
        case (nil, .only(let values)): values
        }
    }

    /// Whether it is for this kind: what the kind does not name, only any fits.
    fileprivate func fits(_ subject: MatrixSubject, _ tier: Tier) -> Bool {
        func holds(_ value: Label?, _ selector: Selector<Label>) -> Bool {
            value.map(selector.contains) ?? (selector == .any)
        }
        return tiers.contains(tier) && holds(subject.model, models)
            && holds(subject.hardwareRevision, hardwareRevisions) && holds(subject.environment, environments)
            && holds(subject.package, packages)
    }
}
