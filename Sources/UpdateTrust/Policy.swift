public import Messages

/// Who is trusted for how long, and who may install what when: the file that a fleet's owner edits.
public struct Policy: Hashable, Sendable {
    /// The rules in the order of the file; the first that matches an instance decides.
    public let rules: [PolicyRule]
    /// What Linux may measure, by the id that rules name.
    public let ima: [Label: IMARules]
    /// SHA-256 of the file's bytes: what decisions and grants name.
    public let digest: ContentDigest

    /// The most bytes of the file: 20,000 digests of files, and the rest.
    public static let maximumSize = 2 << 20
    /// More rules than a person keeps an overview of.
    static let maximumRules = 200

    /// The file's keys, as people write them.
    struct File: Codable {
        var formatVersion: Int
        var rules: [PolicyRule]
        var ima: [IMARules]?
    }

    /// Reads the file.
    /// - Parameter zoneFile: the time-zone file (RFC 9636) of a zone that a window names; `nil` for one that is not known here.
    /// - Throws: `MessageError` that names the line, the key or the rule which cannot be meant.
    public init(
        parsing bytes: [UInt8],
        zoneFile: (ZoneName) -> [UInt8]? = { _ in nil }
    ) throws(MessageError) {
        let file = try EditedJSON.decode(File.self, from: bytes, limit: Self.maximumSize)
        guard file.formatVersion == 1 else {
            throw MessageError(.outOfRange, "\"formatVersion\" \(file.formatVersion) is not known here, only 1")
        }
        guard !file.rules.isEmpty, file.rules.count <= Self.maximumRules else {
            throw MessageError(
                .outOfRange,
                "a policy has 1 to \(Self.maximumRules) rules, this one \(file.rules.count)"
            )
        }
        var ids = Set<Label>()
        for rule in file.rules {
            guard ids.insert(rule.id).inserted else {
                throw MessageError(.outOfRange, "two rules have the id \"\(rule.id)\"")
            }
            try rule.check()
        }
        var named: [Label: IMARules] = [:]
        for rules in file.ima ?? [] {
            guard named.updateValue(rules, forKey: rules.id) == nil else {
                throw MessageError(.outOfRange, "two of \"ima\" have the id \"\(rules.id)\"")
            }
            try rules.check()
        }
        for rule in file.rules {
            guard let id = rule.boot.ima, named[id] == nil else { continue }
            throw MessageError(.outOfRange, "rule \"\(rule.id)\" names \"ima\" rules \"\(id)\", which are not there")
        }
        rules = try Self.setClocks(of: file.rules, zoneFile)
        ima = named
        digest = ContentDigest(of: bytes)
    }

    /// Gives each window the clocks of the zone that it names.
    private static func setClocks(
        of rules: [PolicyRule],
        _ zoneFile: (ZoneName) -> [UInt8]?
    ) throws(MessageError) -> [PolicyRule] {
        var known: [ZoneName: TimeZoneRules] = [.utc: .utc]
        var rules = rules
        for index in rules.indices {
            guard let zone = rules[index].window?.zone else { continue }
            if known[zone] == nil {
                guard let file = zoneFile(zone) else {
                    throw MessageError(
                        .outOfRange,
                        "rule \"\(rules[index].id)\": no time zone \"\(zone)\" is known here: it is misspelt, or tzdata is not installed"
                    )
                }
                known[zone] = try TimeZoneRules(parsing: file, name: zone)
            }
            if let clocks = known[zone] { rules[index].window?.clocks = clocks }
        }
        return rules
    }

    /// Refuses what no policy may say that comes into force; one that did say so is read all the same, with the decisions under it.
    /// - Throws: `MessageError` that names the rule.
    public func checkNew() throws(MessageError) {
        for rule in rules {
            guard let problem = rule.controls?.problemOfNew else { continue }
            throw MessageError(.outOfRange, "rule \"\(rule.id)\": \(problem)")
        }
    }

    /// The rule that decides; `nil` means that nothing is allowed.
    public func rule(for subject: PolicySubject) -> PolicyRule? {
        rules.first { $0.mismatches(subject).isEmpty }
    }

    /// What Linux may measure on an instance that quotes it, by a rule; `nil` where nothing is judged.
    func imaRules(of rule: PolicyRule, for record: BirthRecord) -> IMARules? {
        record.imaPCR == nil ? nil : rule.boot.ima.flatMap { ima[$0] }
    }

    /// How many witnesses of the ledger the rule wants that wants the most; 0 when none wants any.
    public var mostWitnesses: Int { rules.compactMap(\.witnesses).max() ?? 0 }

    /// What each rule says of a subject, in the order of the file; the first that fits decides.
    public func explain(_ subject: PolicySubject) -> [RuleExplanation] {
        let deciding = rule(for: subject)?.id
        return rules.map { rule in
            let mismatches = rule.mismatches(subject)
            let because =
                if rule.id == deciding { "the first that fits" } else if mismatches.isEmpty {
                    "a rule above it fits"
                } else {
                    mismatches.joined(separator: ", ")
                }
            return RuleExplanation(rule: rule.id.text, matches: mismatches.isEmpty, because: because)
        }
    }
}

/// What a rule is held against: all of it out of the birth record, except the package.
public struct PolicySubject: Hashable, Sendable {
    /// The model.
    public var model: Label
    /// The hardware revision.
    public var hardwareRevision: Label
    /// The environment.
    public var environment: Label
    /// The tier.
    public var tier: Tier
    /// The package that is asked for; the one that runs when none is.
    public var package: Label

    /// Joins the parts.
    public init(model: Label, hardwareRevision: Label, environment: Label, tier: Tier, package: Label) {
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.tier = tier
        self.package = package
    }

    /// What a rule is held against for an instance that asks for a package.
    public init(_ birth: BirthFacts, package: Label) {
        self.init(
            model: birth.model,
            hardwareRevision: birth.hardwareRevision,
            environment: birth.environment,
            tier: birth.tier,
            package: package
        )
    }
}
