package syncexpr

import (
	"fmt"
	"testing"

	"github.com/landfall-directory/landfall/lang/schema"
)

func TestInspect(t *testing.T) {
	for text, want := range map[string]string{
		`[displayName]`:                                   "computes [] texts [] cuts []",
		`IIF(IsPresent([mail]),[mail],[cn])`:              "computes [] texts [] cuts []",
		`Left(Trim([description]),448)`:                   "computes [] texts [] cuts [448]",
		`Left([description],Len([cn]))`:                   "makes: computes [description cn] texts [] cuts []",
		`IIF([department] = "Sales","yes",[info])`:        `computes [] texts ["Sales" "yes"] cuts []`,
		`IIF([department] > "Sales",-8,3)`:                `computes [department] texts ["Sales" "-8" "3"] cuts []`,
		`IIF([mail] = [userPrincipalName],True,NULL)`:     "computes [] texts [] cuts []",
		`Trim([givenName] & " " & [sn])`:                  `makes: computes [givenName sn] texts [" "] cuts []`,
		`StringFromSid([objectSid])`:                      "computes [] texts [] cuts []",
		`ConvertToBase64([objectGUID])`:                   "computes [] texts [] cuts []",
		`ConvertToBase64([thumbnailPhoto])`:               "makes: computes [thumbnailPhoto] texts [] cuts []",
		`IIF(ValueCount("member") > 5,Error("x"),[info])`: `computes [] texts ["x"] cuts []`,
		`IIF(InStr([mail],"x") > 0,"a","b")`:              `computes [mail] texts ["x" "a" "b"] cuts []`,
		`IIF(IsPresent([mail]) && [employeeType] <> "guest" || IsNullOrEmpty([sn]),ImportedValue("title"),NULL)`: `computes [] texts ["guest"] cuts []`,
		`LCase(ImportedValue("title"))`:                     "makes: computes [title] texts [] cuts []",
		`Switch([c] = "PT","Portugal",True,[co])`:           `computes [] texts ["PT" "Portugal"] cuts []`,
		`IIF(IsPresent(Trim([mail])),[mail],NULL)`:          "computes [mail] texts [] cuts []",
		`IIF(IsBitSet([userAccountControl],2),"off",[cn])`:  `computes [userAccountControl] texts ["off"] cuts []`,
		`With($x,[mail],IIF(InStr($x,"@") > 0,$x,NULL))`:    `makes: computes [mail] texts ["@"] cuts []`,
		`IIF([department] = Trim([company]),[cn],"nobody")`: `computes [department company] texts ["nobody"] cuts []`,
	} {
		p, problems := Compile(text, Options{Source: schema.AD})
		if p == nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		i := p.Inspect()
		got := fmt.Sprintf("computes %v texts %q cuts %v", i.Computes, i.Texts, i.Cuts)
		if i.Makes {
			got = "makes: " + got
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
