package import Messages

/// An answer that is a problem, with what only the operator's log may say.
package struct ServiceProblem: Error {
    package var problem: Problem
    /// For the log, what was seen; never goes over the wire.
    package var detail: String = ""
    /// Whether it answers evidence that is nobody's although it does not say so: that costs its sender more.
    package var isGarbage = false

    package init(problem: Problem, detail: String = "") {
        self.problem = problem
        self.detail = detail
    }

    package static func malformed(_ detail: String) -> ServiceProblem {
        ServiceProblem(problem: Problem(.malformed, title: "The request cannot be read.", status: 400), detail: detail)
    }

    package static let tooLarge = ServiceProblem(
        problem: Problem(.tooLarge, title: "The request is larger than this route takes.", status: 413)
    )
    package static let unauthenticated = ServiceProblem(
        problem: Problem(.unauthenticated, title: "This route needs an operator's client certificate.", status: 401)
    )
    package static let forbidden = ServiceProblem(
        problem: Problem(.forbidden, title: "The client certificate has no role that may do this.", status: 403)
    )
    package static let notFound = ServiceProblem(
        problem: Problem(.notFound, title: "There is nothing here.", status: 404)
    )

    package static func conflict(_ title: String) -> ServiceProblem {
        ServiceProblem(problem: Problem(.conflict, title: title, status: 409))
    }

    /// One answer for everything that nothing authenticates, so that a stranger learns nothing from trying.
    package static func notAuthentic(_ detail: String) -> ServiceProblem {
        ServiceProblem(
            problem: Problem(.notAuthentic, title: "The evidence is not authentic.", status: 401),
            detail: detail
        )
    }

    package static func refused(
        _ title: String,
        reasons: [String],
        instance: String? = nil,
        entry: Int? = nil,
        ear: String? = nil,
        detail: String = ""
    ) -> ServiceProblem {
        ServiceProblem(
            problem: Problem(
                .refused,
                title: title,
                status: 403,
                reasons: reasons,
                instance: instance,
                entry: entry,
                ear: ear
            ),
            detail: detail
        )
    }

    static let tooManyRequests = ServiceProblem(
        problem: Problem(.busy, title: "Too many requests from this address; ask again in a second.", status: 429)
    )

    package static func busy(_ detail: String, isGarbage: Bool = false) -> ServiceProblem {
        var busy = ServiceProblem(
            problem: Problem(.busy, title: "The service is busy; ask again in a second.", status: 503),
            detail: detail
        )
        busy.isGarbage = isGarbage
        return busy
    }

    package static func undecided(_ detail: String) -> ServiceProblem {
        ServiceProblem(
            problem: Problem(
                .undecided,
                title: "Nothing could be decided; nothing was changed that you know of.",
                status: 503
            ),
            detail: detail
        )
    }
}
