package syncexpr

var certFunctions = []function{}
