import CommandLineContract

await CommandLineProgram.main(FactoryProgram.self, explain: FactoryProgram.explain)
