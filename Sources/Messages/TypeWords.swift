/// What people are told in the place of a type's name.
enum TypeWords {
    /// A message's name in words: `BirthBundle` is a birth bundle.
    ///
    /// Types are called as messages are, with the spaces left out.
    static func name(of type: any Any.Type) -> String {
        let letters = Array("\(type)".prefix { $0 != "<" })
        var words: [String] = []
        var word = ""
        for (index, letter) in letters.enumerated() {
            let next = index + 1 < letters.count ? letters[index + 1] : nil
            let begins = letter.isUppercase && (word.last?.isUppercase != true || next?.isLowercase == true)
            if begins, !word.isEmpty {
                words.append(word)
                word = ""
            }
            word.append(letter)
        }
        words.append(word)
        return words.map { isAbbreviation($0) ? $0 : $0.lowercased() }.joined(separator: " ")
    }

    private static func isAbbreviation(_ word: String) -> Bool { word.count > 1 && word.allSatisfy(\.isUppercase) }

    /// What JSON should have had in a place.
    static func value(of type: any Any.Type) -> String {
        if type == Bool.self { return "true or false" }
        if type == String.self { return "a text" }
        if type == [String: Any].self { return "an object" }
        if type == [Any].self { return "an array" }
        if type is any FixedWidthInteger.Type { return "a whole number" }
        return "a value"
    }
}
