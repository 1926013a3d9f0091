package lang

import (
	"slices"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// allFunctions are the functions of HCL expressions: those of Terraform under
// their names, and the field's own. None of them knows the time, a file or
// chance, so that the same input gives the same bytes.
func allFunctions() map[string]function.Function {
	all := map[string]function.Function{
		"abs":             stdlib.AbsoluteFunc,
		"alltrue":         allTrue,
		"anytrue":         anyTrue,
		"can":             tryfunc.CanFunc,
		"ceil":            stdlib.CeilFunc,
		"chunklist":       stdlib.ChunklistFunc,
		"coalesce":        coalesce,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          stdlib.ConcatFunc,
		"contains":        stdlib.ContainsFunc,
		"csvdecode":       stdlib.CSVDecodeFunc,
		"distinct":        stdlib.DistinctFunc,
		"element":         stdlib.ElementFunc,
		"flatten":         stdlib.FlattenFunc,
		"floor":           stdlib.FloorFunc,
		"format":          stdlib.FormatFunc,
		"formatlist":      stdlib.FormatListFunc,
		"index":           indexOf,
		"jsonencode":      stdlib.JSONEncodeFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthOf,
		"log":             stdlib.LogFunc,
		"lookup":          stdlib.LookupFunc,
		"max":             stdlib.MaxFunc,
		"merge":           stdlib.MergeFunc,
		"min":             stdlib.MinFunc,
		"one":             oneOf,
		"pow":             stdlib.PowFunc,
		"range":           stdlib.RangeFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc,
		"setproduct":      stdlib.SetProductFunc,
		"setsubtract":     stdlib.SetSubtractFunc,
		"setunion":        stdlib.SetUnionFunc,
		"signum":          stdlib.SignumFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"sum":             sumOf,
		"tobool":          stdlib.MakeToFunc(cty.Bool),
		"tolist":          stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":           stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber":        stdlib.MakeToFunc(cty.Number),
		"toset":           stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring":        stdlib.MakeToFunc(cty.String),
		"try":             tryfunc.TryFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,
	}
	for name, f := range absentStaysAbsent() {
		all[name] = nullable(f)
	}
	return all
}

// absentStaysAbsent are the functions that give null when they are given null.
func absentStaysAbsent() map[string]function.Function {
	return map[string]function.Function{
		"base64":       toBase64,
		"base64decode": base64Decode,
		"base64encode": base64Encode,
		"chomp":        stdlib.ChompFunc,
		"dn_escape":    dnEscape,
		"endswith":     endsWith,
		"formatdate":   stdlib.FormatDateFunc,
		"guid":         guidText,
		"indent":       stdlib.IndentFunc,
		"join":         stdlib.JoinFunc,
		"jsondecode":   stdlib.JSONDecodeFunc,
		"left":         leftUnits,
		"lower":        stdlib.LowerFunc,
		"parent_dn":    parentDN,
		"parseint":     stdlib.ParseIntFunc,
		"rdn":          rdnOf,
		"regex":        stdlib.RegexFunc,
		"regexall":     stdlib.RegexAllFunc,
		"replace":      replaceText,
		"right":        rightUnits,
		"sha256":       sha256Text,
		"sid":          sidText,
		"split":        stdlib.SplitFunc,
		"startswith":   startsWith,
		"strcontains":  strContains,
		"strrev":       stdlib.ReverseFunc,
		"substr":       stdlib.SubstrFunc,
		"timeadd":      stdlib.TimeAddFunc,
		"title":        stdlib.TitleFunc,
		"trim":         stdlib.TrimFunc,
		"trimprefix":   stdlib.TrimPrefixFunc,
		"trimspace":    stdlib.TrimSpaceFunc,
		"trimsuffix":   stdlib.TrimSuffixFunc,
		"upper":        stdlib.UpperFunc,
	}
}

// nullable makes a function that gives null when one of its arguments is null:
// an absent attribute stays absent through any chain of string functions.
func nullable(f function.Function) function.Function {
	spec := &function.Spec{Description: f.Description(), Params: slices.Clone(f.Params())}
	for i := range spec.Params {
		spec.Params[i].AllowNull = true
	}
	if rest := f.VarParam(); rest != nil {
		param := *rest
		param.AllowNull = true
		spec.VarParam = &param
	}
	spec.Type = func(args []cty.Value) (cty.Type, error) {
		typed := slices.Clone(args)
		for i, arg := range typed {
			if arg.IsNull() {
				typed[i] = cty.UnknownVal(arg.Type())
			}
		}
		return f.ReturnTypeForValues(typed)
	}
	spec.Impl = func(args []cty.Value, result cty.Type) (cty.Value, error) {
		for _, arg := range args {
			if arg.IsNull() {
				return cty.NullVal(result), nil
			}
		}
		return f.Call(args)
	}
	return function.New(spec)
}
